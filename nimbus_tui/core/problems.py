"""What is wrong with a config file, as a value that screens and scripts are given."""

import msgspec


class ConfigProblem(msgspec.Struct, frozen=True):
    """One thing that is wrong, with its place."""

    file: str
    line: int
    column: int
    key: str
    message: str

    def __str__(self) -> str:
        where = f" {self.key}" if self.key else ""
        return f"{self.file}:{self.line}:{self.column}{where}: {self.message}"
