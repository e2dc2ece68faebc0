"""Changes of training images that leave their class as it is."""

from __future__ import annotations

from dataclasses import dataclass

from engine.network.layers.parameter import Parameter
from engine.recipe.option import Option, Parameters, numbers


@dataclass(frozen=True)
class Augmentation(Option):
    """images: for samples of channels × height × width only."""

    images: bool = True

    def fits(self, sample_shape: tuple[int, ...]) -> bool:
        return not self.images or len(sample_shape) == 3


def _chance(default: float = 0.5) -> Parameter:
    return Parameter("p", "float", default, "How often.", 0.0, 1.0)


def _range(name: str, default: tuple[float, float], words: str, low: float, high: float) -> Parameter:
    return Parameter(name, "floats", default, words, low, high)


def _ordered(values: Parameters, *names: str) -> str | None:
    for name in names:
        pair = numbers(values, name)
        if len(pair) != 2 or pair[0] > pair[1]:
            return f"{name} are the smallest and the largest"
    return None


_FILL = Parameter("fill", "float", 0.0, "What stands where nothing was.", -1e6, 1e6)

AUGMENTATIONS = {
    option.kind: option
    for option in (
        Augmentation(
            "RandomHorizontalFlip",
            "Flip left and right",
            "Mirrors some images; not for letters and digits.",
            (_chance(),),
            torch="torchvision.transforms.RandomHorizontalFlip",
        ),
        Augmentation(
            "RandomVerticalFlip",
            "Flip up and down",
            "Turns some images upside down.",
            (_chance(),),
            torch="torchvision.transforms.RandomVerticalFlip",
        ),
        Augmentation(
            "RandomCrop",
            "Shift",
            "Moves each image by some whole pixels, as if cut from one with a margin.",
            (
                Parameter("padding", "int", 2, "The farthest it is moved.", 0, 10_000, unit="px"),
                _FILL,
                Parameter(
                    "padding_mode",
                    "choice",
                    "constant",
                    "Fill the margin with a number, or with the pixels of the edge.",
                    choices=("constant", "edge"),
                ),
            ),
            torch="torchvision.transforms.RandomCrop",
        ),
        Augmentation(
            "RandomAffine",
            "Rotate, scale, shear",
            "Turns, moves, stretches and slants each image, around its middle.",
            (
                Parameter("degrees", "float", 10.0, "The farthest it is turned.", 0.0, 180.0, unit="°"),
                _range(
                    "translate",
                    (0.0, 0.0),
                    "The farthest it is moved, as a share of width and height.",
                    0.0,
                    1.0,
                ),
                _range("scale", (1.0, 1.0), "The smallest and the largest size.", 0.01, 100.0),
                Parameter("shear", "float", 0.0, "The farthest it is slanted.", 0.0, 80.0, unit="°"),
                _FILL,
            ),
            torch="torchvision.transforms.RandomAffine",
            rule=lambda values: (
                "translate are two numbers"
                if len(numbers(values, "translate")) != 2
                else _ordered(values, "scale")
            ),
        ),
        Augmentation(
            "ColorJitter",
            "Brightness and contrast",
            "Multiplies all pixels of an image, and their distance from its mean.",
            (
                Parameter("brightness", "float", 0.2, "By so much more or less.", 0.0, 1.0),
                Parameter("contrast", "float", 0.2, "By so much more or less.", 0.0, 1.0),
            ),
            torch="torchvision.transforms.ColorJitter",
        ),
        Augmentation(
            "RandomErasing",
            "Erase a part",
            "Covers a rectangle of some images.",
            (
                _chance(),
                _range("scale", (0.02, 0.33), "Its area as a share of the image.", 0.0, 1.0),
                _range("ratio", (0.3, 3.3), "Its height divided by its width.", 0.01, 100.0),
                Parameter("value", "float", 0.0, "What covers it.", -1e6, 1e6),
            ),
            torch="torchvision.transforms.RandomErasing",
            rule=lambda values: _ordered(values, "scale", "ratio"),
        ),
        Augmentation(
            "GaussianNoise",
            "Noise",
            "Adds a random number to every value.",
            (Parameter("sigma", "float", 0.1, "Its standard deviation.", 0.0, 1e6),),
            torch="torchvision.transforms.v2.GaussianNoise",
            formula="x + σ · N(0, 1)",
            images=False,
        ),
    )
}
