"""What a newer version may have added: kept, or said."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from engine.messages import sentence
from engine.project.project_file import read, write
from tests.engine.project.archives import archive, document, link, node, opened, zipped


def test_unknown_fields_are_kept_at_every_level(tmp_path: Path) -> None:
    given = document(
        [node("a", tags=[1, None, {"x": 1.5}]), node("b")],
        [{**link("a", "b"), "style": {"curved": True}}],
        recipe={"epochs": 3, "warmup": {"steps": 10}},
        data={"source": "xor", "crop": [1, 2]},
        author={"name": "Ada"},
    )
    given["network"]["zoom"] = 2.5
    result = opened(tmp_path, archive(given))
    assert result.repairs == ()
    write(tmp_path / "again.backlit", result.project, {})
    saved = json.loads(zipfile.ZipFile(tmp_path / "again.backlit").read("project.json"))
    assert saved["author"] == given["author"] and saved["network"]["zoom"] == 2.5
    assert saved["network"]["nodes"][0]["tags"] == [1, None, {"x": 1.5}]
    assert saved["network"]["links"] == given["network"]["links"]
    assert saved["recipe"]["warmup"] == {"steps": 10} and saved["data"]["crop"] == [1, 2]
    assert read(tmp_path / "again.backlit").project == result.project


def test_unknown_members_are_said(tmp_path: Path) -> None:
    result = opened(tmp_path, zipped({"project.json": json.dumps(document()), "thumbnail.png": b"x"}))
    assert [problem.code for problem in result.repairs] == ["unknown_member"]
    assert "thumbnail.png" in sentence(result.repairs[0])
