"""Copies the sample corpus into the package when a wheel is built. Everything else is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SAMPLE = sorted(path.as_posix() for path in Path("corpus").iterdir() if not path.name.startswith("."))


class BuildWithSample(build_py):
    """corpus/NAME of the repository becomes qa/corpus/NAME of the wheel; qa.settings.sample_corpus finds both."""

    def run(self) -> None:
        if not self.editable_mode:  # what an earlier build left there, and is gone from the sources, must not be packed
            shutil.rmtree(Path(self.build_lib, "qa"), ignore_errors=True)
        super().run()
        if not self.editable_mode:
            for path, copy in zip(SAMPLE, self.copies(), strict=True):
                self.mkpath(str(Path(copy).parent))
                self.copy_file(path, copy, preserve_mode=False)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        return [*super().get_outputs(include_bytecode), *([] if self.editable_mode else self.copies())]

    def get_source_files(self) -> list[str]:
        return [*super().get_source_files(), *SAMPLE]

    def copies(self) -> list[str]:
        return [str(Path(self.build_lib, "qa", path)) for path in SAMPLE]


setup(cmdclass={"build_py": BuildWithSample})
