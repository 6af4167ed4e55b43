"""The command line as a whole: help without heavy imports, errors without tracebacks."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from kbsearch.cli import COMMANDS, group
from kbsearch.cli.lazy_group import STOPPED, LazyGroup

HEAVY = ("torch", "sentence_transformers", "sklearn", "scipy", "numpy", "sqlalchemy", "flask", "whoosh")


def run(*arguments: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `kbsearch` as a user would."""
    environment = {"PATH": "/usr/bin:/bin", "KBSEARCH_ENCODER": "hashing", "LANG": "C.UTF-8"}
    if home:
        environment["KBSEARCH_HOME"] = str(home)
    return subprocess.run(
        [sys.executable, "-c", "from kbsearch.cli import main; main()", *arguments],
        cwd=Path(__file__).parents[3],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom kbsearch.cli import main\nsys.argv = ['kbsearch', '--help']\n"
        f"try: main()\nexcept SystemExit: pass\nprint('HEAVY', [m for m in {HEAVY!r} if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(name in result.stdout for name in COMMANDS)
    assert "HEAVY []" in result.stdout


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(name: str) -> None:
    command = importlib.import_module(COMMANDS[name][0]).command
    assert isinstance(command, click.Command)
    text = command.get_help(click.Context(command, info_name=name))
    assert command.help
    assert f"  Examples:\n    kbsearch {name}" in text, "no example on a line of its own"


def test_examples_of_measuring_stand_on_lines_of_their_own() -> None:
    command = importlib.import_module("kbsearch.cli.evaluate_matching").command
    assert "  Examples:\n    kbsearch evaluate matching" in command.get_help(click.Context(command))


class Interrupted(LazyGroup):
    """A group whose command is stopped by Ctrl+C."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command:
        """The command, whatever its name."""

        @click.command
        def command() -> None:
            raise KeyboardInterrupt

        return command


def test_ctrl_c_ends_a_command_with_a_word_and_a_status_of_its_own() -> None:
    result = CliRunner().invoke(Interrupted(modules={}), ["import"])
    assert result.exit_code == STOPPED
    assert "What was stored stays" in result.stderr


def test_an_unknown_command_is_a_usage_error() -> None:
    result = run("sarch")
    assert result.returncode == 2
    assert "sarch" in result.stderr


def test_an_expected_error_is_one_message_with_its_remedy(tmp_path: Path) -> None:
    result = run("import", str(tmp_path / "missing.csv"), home=tmp_path / "home")
    assert result.returncode != 0
    assert "missing.csv" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.write_text("not a folder")
    result = run("init", home=home)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "home" in result.stderr.lower() or "database" in result.stderr.lower()


def test_the_demo_leaves_the_home_of_the_environment_alone(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("", "utf-8")
    own = tmp_path / "own"
    runner = CliRunner(env={"KBSEARCH_HOME": str(own), "KBSEARCH_ENCODER": "hashing"})
    shown = runner.invoke(group, ["demo", "--no-serve", "--home", str(taken)])
    assert f"The sample school goes into {taken}; KBSEARCH_HOME ({own}) is left alone." in shown.stderr
    assert not own.exists()
