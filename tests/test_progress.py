"""How a run's progress looks to somebody who watches."""

from gan_course import progress
from gan_course.progress import Progress


def test_a_message_stands_on_a_line_of_its_own_beside_a_bar(monkeypatch, capsys):
    monkeypatch.setattr(progress, "someone_looks", lambda: True)
    with Progress(0, 10) as shown:
        shown.show(3, {"d_loss": 1.0})
        progress.say("Interrupt: ending.")
        shown.show(4, {"d_loss": 1.0})
    lines = [line.rpartition("\r")[2] for line in capsys.readouterr().out.split("\n")]
    assert "Interrupt: ending." in lines and any("4/10" in line for line in lines)


def test_without_a_bar_it_is_printed(capsys):
    progress.say("Interrupt: ending.")
    assert capsys.readouterr().out == "Interrupt: ending.\n"
