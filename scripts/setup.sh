#!/bin/sh
# Make .venv with the pinned packages, and see that the system libraries they need are there.
# What is missing is installed where that is allowed; else the one line to run is printed.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

# Runs a command as root, when we are root or sudo asks for no password.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo -n "$@"
    else return 1
    fi
}

# apt_install PACKAGE ... : installs, or says what to run and fails.
apt_install() {
    if ! command -v apt-get >/dev/null; then
        say "This system has no apt-get. Please install what these Debian packages hold: $*"
        return 1
    fi
    if as_root true; then
        say "Installing system packages: $*"
        as_root apt-get update -qq || true
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends "$@" >&2 && return 0
    fi
    say "These system packages are missing. Please run:"
    say "    sudo apt-get install $*"
    return 1
}

find_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    say "Backlit needs Python 3.11 or newer (python3 here: $(python3 --version 2>&1 || echo none))."
    say "On Debian and Ubuntu, for example: sudo apt-get install python3.11 python3.11-venv"
    return 1
}

make_venv() {
    python=$(find_python)
    # Debian keeps venv in a package of its own, named after the version.
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        apt_install "python$version-venv"
    fi
    "$python" -m venv --clear .venv
}

# Linux only: the libraries that the Qt wheels expect from the system, as library:package.
QT="libglib-2.0.so.0:libglib2.0-0 libEGL.so.1:libegl1 libGL.so.1:libgl1
    libdbus-1.so.3:libdbus-1-3 libfontconfig.so.1:libfontconfig1
    libxkbcommon.so.0:libxkbcommon0"
WINDOW="libxcb-cursor.so.0:libxcb-cursor0 libxcb-icccm.so.4:libxcb-icccm4
    libxcb-image.so.0:libxcb-image0 libxcb-keysyms.so.1:libxcb-keysyms1
    libxcb-render-util.so.0:libxcb-render-util0 libxcb-shape.so.0:libxcb-shape0
    libxcb-xkb.so.1:libxcb-xkb1 libxkbcommon-x11.so.0:libxkbcommon-x11-0"

# missing LIBRARY:PACKAGE ... : the packages whose library is not there.
missing() {
    # Not on every user's PATH.
    libraries=$("$(command -v ldconfig || echo /sbin/ldconfig)" -p)
    for pair in "$@"; do
        case "$libraries" in
            *"${pair%%:*} "*) ;;
            *) printf '%s ' "${pair##*:}" ;;
        esac
    done
}

# A folder without pip was left by a setup that was interrupted, one of an older Python by another
# program.
.venv/bin/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || make_venv
say "Installing Python packages (the first time takes some minutes) ..."
# The program runs from this folder; only what it needs is installed.
.venv/bin/python - <<'PYTHON' >.venv/requirements.txt
import tomllib
with open("pyproject.toml", "rb") as file:
    project = tomllib.load(file)["project"]
print("\n".join(project["dependencies"] + project["optional-dependencies"]["dev"]))
PYTHON
.venv/bin/python -m pip install --quiet --disable-pip-version-check \
    -c constraints.txt -r .venv/requirements.txt

if [ "$(uname -s)" = Linux ]; then
    # shellcheck disable=SC2086  # lists of words, here and below
    packages=$(missing $QT $WINDOW)
    # shellcheck disable=SC2086
    if [ -n "$packages" ] && ! apt_install $packages; then
        # Tests and pictures are made off-screen: only the window needs the others.
        [ -z "$(missing $QT)" ] || exit 1
    fi
fi

# The proof: Qt loads and starts.
QT_QPA_PLATFORM=offscreen .venv/bin/python -c \
    'from PySide6.QtWidgets import QApplication; QApplication([])'
