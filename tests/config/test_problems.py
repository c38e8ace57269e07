"""Problems in the words and the length that a person reads."""

from nimbus_tui.config.problems import BadConfig, ConfigProblem, Findings, did_you_mean


def test_a_problem_is_one_line_with_its_place_first() -> None:
    problem = ConfigProblem("bots.toml", 8, 1, "bots.eth.spacing", "must be greater than 0, not 0")
    assert str(problem) == "bots.toml:8:1 bots.eth.spacing: must be greater than 0, not 0"
    assert str(ConfigProblem("bots.toml", 3, 4, "", "not valid")) == "bots.toml:3:4: not valid"


def test_many_problems_still_fit_one_screen() -> None:
    problems = [ConfigProblem("bots.toml", line, 1, "x", "is wrong") for line in range(1, 41)]
    lines = str(BadConfig(problems)).splitlines()
    assert len(lines) < 24
    assert lines[0].startswith("bots.toml:1:1 x")
    assert lines[-1].startswith("… and 25 more")
    assert len(BadConfig(problems).problems) == 40


def test_a_key_is_complained_of_once_and_problems_stand_in_the_files_order() -> None:
    findings = Findings("bots.toml", "a = 1\nb = 2\nc = 3\n")
    findings.say(("b",), "first")
    findings.say(("b",), "second")
    findings.hush(("c",))
    findings.say(("c",), "a consequence")
    findings.say(("a", "inner"), "last told, first shown")
    assert [(p.line, p.key, p.message) for p in findings.problems()] == [
        (1, "a.inner", "last told, first shown"),
        (2, "b", "first"),
    ]


def test_only_a_near_word_is_offered() -> None:
    assert did_you_mean("spacng", ["levels", "spacing"]) == "; did you mean 'spacing'?"
    assert did_you_mean("zzz", ["levels", "spacing"]) == ""
