"""A command that is handed over to the warm process answers as one that runs by itself."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import resource
import shlex
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

import pexpect
import pytest

from diffcli.cli.warm import request
from diffcli.cli.warm.command import Command

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import refresh  # noqa: E402  (found through the path above)

CLIENT = [sys.executable, "-c", "from diffcli.cli.entry import main; main()"]
GRAD = ("grad", "exp(-x^2)*sin(3x)", "--at", "3", "--json")
FORMULA = ("x^2",)
"""A command that loads neither torch nor sympy, so that a cold one is quick too."""
SERVER_FILES = 8
"""Three standard streams, the lock, the socket, what the loop waits with, and a spare fork."""
DATA = ROOT / "docs" / "data"


class Warm:
    """A warm process of the test's own, which listens in a folder of its own."""

    def __init__(self, runtime: Path) -> None:
        self.environment = {
            **os.environ,
            "XDG_RUNTIME_DIR": str(runtime),
            "PYTHONPATH": str(runtime),
            "COLUMNS": "100",
            # A slow machine shows the same formulas and proofs.
            "DIFFCLI_CHECK_BUDGET": "60",
        }
        self.environment.pop("DIFFCLI_WARM", None)
        self.folder = runtime / "diffcli"
        # Commands write files where they run.
        self.data = copytree(DATA, runtime / "data")

    def surroundings(self, *, cold: bool) -> dict[str, str]:
        return self.environment | ({"DIFFCLI_WARM": "0"} if cold else {})

    def command(self, *arguments: str, cold: bool = False, **more: Any) -> Any:
        return subprocess.run(
            [*CLIENT, *arguments],
            env=self.surroundings(cold=cold) | more.pop("env", {}),
            cwd=more.pop("cwd", self.data),
            capture_output=more.pop("capture_output", True),
            check=False,
            **more,
        )

    def begin(self, *arguments: str, **more: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*CLIENT, *arguments],
            env=self.environment,
            cwd=more.pop("cwd", self.data),
            stdout=more.pop("stdout", subprocess.PIPE),
            stderr=subprocess.PIPE,
            **more,
        )

    @property
    def is_running(self) -> bool:
        return bool(list(self.folder.glob("*.sock")))

    @property
    def facts(self) -> list[str]:
        """What the process says of itself, without the seconds that a command takes to ask."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.socket))
            connection.sendall(request.message([request.STATUS]))
            said = b""
            while part := connection.recv(1 << 12):
                said += part
        return said.decode().split("\n")

    @property
    def pid(self) -> int:
        return int(self.facts[1])

    @property
    def answered(self) -> int:
        return int(self.facts[3])

    @property
    def socket(self) -> Path:
        (path,) = self.folder.glob("*.sock")
        return path


def _state(pid: int) -> str:
    """The letter of a process's state; Z also where there is none any more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def in_time(holds: Callable[[], object]) -> bool:
    """Wait until something holds, for as long as a very slow machine may take."""
    deadline = time.monotonic() + 60
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    runtime = tmp_path_factory.mktemp("runtime", numbered=True)
    runtime.chmod(0o700)
    process = Warm(runtime)
    begun = process.command("warm", "start")
    assert begun.returncode == 0, begun.stderr
    assert begun.stdout.startswith(b"started: the warm process ")
    yield process
    assert process.command("warm", "stop").returncode == 0
    assert not list(process.folder.glob("*.sock"))


def handed_over(warm: Warm, run: Callable[[], Any]) -> Any:
    """Run a command that the warm process answers, whose patience a busy machine may exhaust."""
    for _ in range(5):
        before = warm.answered
        done = run()
        if warm.answered > before:
            return done
    raise AssertionError("the command was never handed over")


def same(warm: Warm, *arguments: str, **more: Any) -> Any:
    """Assert that a command gives the same bytes and exit code warm and cold; return it."""
    there = handed_over(warm, lambda: warm.command(*arguments, **more))
    here = warm.command(*arguments, cold=True, **more)
    assert (there.returncode, there.stdout, there.stderr) == (
        here.returncode,
        here.stdout,
        here.stderr,
    )
    return there


slowly = partial(pytest.param, marks=pytest.mark.slow)
FEW = [
    FORMULA,
    ("grad", "sinx("),
    ("grad", "x", "--no-such"),
    ("-x^2", "--at", "1", "--engines", "enclosure"),
    slowly(GRAD),
    slowly(("6x^2 + 2x + 4", "--at", "3")),
    slowly(("grad", "max(x, 0)", "--at", "0")),
    slowly(("steps", "x^2*sin(x)")),
    slowly(("check", "x^2", "3x")),
    slowly(("plot", "tan(x)", "--term", "-q")),
    slowly(("--help",)),
    slowly(("--version",)),
    slowly(("functions", "sin")),
    slowly(()),
]


@pytest.mark.sampled(7)
@pytest.mark.parametrize("arguments", FEW)
def test_the_same_bytes_and_the_same_exit_code(arguments: Sequence[str], warm: Warm) -> None:
    same(warm, *arguments)


TIME = re.compile(r"[\d.]+ (µs|ms|s)\b".encode())
"""As the table of ``check`` has it for each engine."""
TIMES_OR_TALKS = re.compile(r"^diffcli (warm|profile|repl$)|--dask|--repeat|pip install")
"""Commands that print times, ask what is typed, or speak of the warm process itself."""
DOCUMENTED = [
    command
    for command in dict.fromkeys(
        command
        for page in refresh.PAGES
        for kind, block in re.findall(
            r"```(console|sh)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL
        )
        for command in (
            block.splitlines()
            if kind == "sh"
            else [command for command, _ in refresh.commands(block)]
        )
    )
    if "diffcli " in command and not TIMES_OR_TALKS.search(command)
]


@pytest.mark.slow
@pytest.mark.parametrize("is_screen", [False, True], ids=["pipes", "terminal"])
@pytest.mark.parametrize("command", DOCUMENTED)
def test_every_documented_command_answers_alike(
    command: str, is_screen: bool, warm: Warm, tmp_path: Path
) -> None:
    """It shows the same text, ends with the same exit code, and writes the same files."""
    program = tmp_path / "diffcli"
    program.write_text(f"#!{sys.executable}\n{CLIENT[-1]}\n")
    program.chmod(0o755)
    typed = ["bash", "-c", f'PATH="{tmp_path}:$PATH"; {command}']
    count = iter(range(10))

    def ran(*, cold: bool) -> object:
        folder = copytree(DATA, tmp_path / f"folder {next(count)}")
        if is_screen:
            code, *texts = _screen(warm, (), program=typed, folder=folder, cold=cold)
        else:
            done = subprocess.run(
                typed,
                env=warm.surroundings(cold=cold),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
            code, texts = done.returncode, [done.stdout, done.stderr]
        texts = [TIME.sub(b"some time", text) for text in texts]
        # Byte code bears the path of its source.
        paths = [path for path in folder.rglob("*.*") if path.suffix != ".pyc"]
        files = {path.name: path.read_bytes() for path in paths}
        return code, texts, files

    assert handed_over(warm, lambda: ran(cold=False)) == ran(cold=True)


_TAKEN_BACK = re.compile(rb"\x1b\[(\d+)A\x1b\[J")
_LINE_TAKEN_BACK = re.compile(rb"[^\n]*\r\x1b\[2K")
_BAR_TAKEN_BACK = re.compile(rb"[^\n]*\r\n(\x1b\[\?25h\r)\x1b\[1A\x1b\[2K")


def _screen(
    warm: Warm,
    arguments: Sequence[str],
    *,
    cold: bool = False,
    program: Sequence[str] = CLIENT,
    folder: Path | None = None,
) -> tuple[int, bytes]:
    """The exit code, and what a terminal shows at the end: without what was taken back."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*program, *arguments],
        env=warm.surroundings(cold=cold) | {"TERM": "xterm-256color"},
        cwd=folder or warm.data,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=partial(_take_terminal, theirs),  # noqa: PLW1509  (before any thread)
    ) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # a terminal whose other end is closed
            while part := os.read(ours, 1 << 16):
                shown += part
    os.close(ours)
    while back := _TAKEN_BACK.search(shown):
        lines = shown[: back.start()].split(b"\n")
        kept = lines[: len(lines) - 1 - int(back[1])]
        shown = b"".join(line + b"\n" for line in kept) + shown[back.end() :]
    # A bar of progress is drawn as often as there is time for.
    shown = _BAR_TAKEN_BACK.sub(rb"\1", shown)
    return process.returncode, _LINE_TAKEN_BACK.sub(b"", shown)


def _take_terminal(terminal: int) -> None:
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


@pytest.mark.parametrize("arguments", [FORMULA, slowly(GRAD), slowly(("max(x,0)", "--at", "0"))])
def test_the_same_screen(arguments: Sequence[str], warm: Warm) -> None:
    assert _screen(warm, arguments) == _screen(warm, arguments, cold=True)


@pytest.mark.slow
def test_standard_input_and_output_are_the_command_s_own(warm: Warm, tmp_path: Path) -> None:
    lines = same(warm, "-", "--format", "jsonl", input=b"x^2\r\nx^3\n")
    assert b"3*x**2" in lines.stdout
    with (tmp_path / "out").open("wb") as out:
        handed_over(warm, lambda: warm.command("x^2", capture_output=False, stdout=out))
    assert b"2*x" in (tmp_path / "out").read_bytes()


@pytest.mark.slow
def test_other_open_files_are_the_command_s_own(warm: Warm) -> None:
    """A shell's ``<(...)`` is an open file that is named by its number."""
    ours, theirs = os.pipe()
    os.write(theirs, b"x^3")
    os.close(theirs)
    high = fcntl.fcntl(ours, fcntl.F_DUPFD, 63)
    os.close(ours)
    done = handed_over(
        warm, lambda: warm.command("--file", f"/dev/fd/{high}", pass_fds=[high], timeout=60)
    )
    os.close(high)
    assert b"3*x**2" in done.stdout


@pytest.mark.slow
def test_the_folder_the_mask_and_the_environment_are_the_command_s_own(
    warm: Warm, tmp_path: Path
) -> None:
    handed_over(
        warm, lambda: warm.command("x^2", "-o", "answer.json", "--json", cwd=tmp_path, umask=0o027)
    )
    assert (tmp_path / "answer.json").stat().st_mode & 0o777 == 0o640
    assert same(warm, "sinx(", env={"FORCE_COLOR": "1", "COLUMNS": "40"}).returncode == 3


@pytest.mark.slow
def test_the_limits_are_the_command_s_own(warm: Warm, tmp_path: Path) -> None:
    def few_bytes() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))

    assert same(warm, "x^2", "-o", "o.txt", cwd=tmp_path, preexec_fn=few_bytes).returncode != 0


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_closed_stream_is_closed(number: int, warm: Warm) -> None:
    same(warm, "grad", "x^2 +", preexec_fn=lambda: os.close(number))


def test_a_broken_pipe_is_silent(warm: Warm) -> None:
    ours, theirs = os.pipe()
    with warm.begin("functions", stdout=theirs) as process:
        os.close(theirs)
        os.close(ours)
        assert process.wait() == -signal.SIGPIPE
        assert process.stderr
        assert process.stderr.read() == b""


@pytest.mark.slow
def test_prompts_of_the_repl(warm: Warm) -> None:
    ended = handed_over(warm, lambda: warm.command("repl", input=b"f(x) = x^3\nf'(2)\n"))
    assert b"12" in ended.stdout


@pytest.mark.slow
def test_the_repl_on_a_terminal(warm: Warm) -> None:
    """The prompt of prompt_toolkit asks the terminal itself, whose session isn't its own."""
    before = warm.answered
    with pexpect.spawn(
        CLIENT[0],
        [*CLIENT[1:], "repl"],
        env={**warm.environment, "TERM": "xterm-256color"},
        timeout=60,
        dimensions=(30, 100),
    ) as terminal:
        terminal.expect("∂".encode())
        terminal.send(b"x^3\r")
        terminal.expect(rb"3\W+x")
        terminal.expect("∂".encode())
        terminal.sendcontrol("d")
        terminal.expect(pexpect.EOF)
    assert terminal.exitstatus == 0
    assert warm.answered == before + 1


@pytest.mark.slow
def test_the_priority_is_the_command_s_own(warm: Warm, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(
        "import os\nprint(os.nice(0), os.getppid())\ndef f(x):\n    return x\n"
    )
    asked = ("grad", "--py", "model.py:f", "--at", "3", "--no-check")
    done = handed_over(
        warm, lambda: warm.command(*asked, cwd=tmp_path, preexec_fn=partial(os.nice, 11))
    )
    nice, parent = done.stderr.split()[:2]
    assert (int(nice), int(parent)) == (os.nice(0) + 11, warm.pid)


USER_CODE = """\
import os, random, sys
import numpy, torch
sys.left_behind = getattr(sys, "left_behind", 0) + 1
print(sys.left_behind, torch.get_num_threads(), torch.cuda.is_initialized(), os.getcwd(),
      sys.flags, *(n for n in range(200) if os.path.exists(f"/proc/self/fd/{n}")
                   and os.get_inheritable(n)))
with open("drawn", "a") as drawn:
    print(random.random(), numpy.random.rand(), torch.rand(1).item(), file=drawn)
def f(x):
    return sys.left_behind * x
"""


@pytest.mark.slow
@pytest.mark.parametrize("cold", [False, slowly(True)])
def test_user_code_stays_in_its_fork(cold: bool, warm: Warm, tmp_path: Path) -> None:
    """It runs there as in a process of its own: with other random numbers each time."""
    (tmp_path / "model.py").write_text(USER_CODE)
    asked = ("grad", "--py", "model.py:f", "--at", "3", "--json", "--no-check")
    first = handed_over(warm, lambda: warm.command(*asked, cwd=tmp_path))
    again = warm.command(*asked, cwd=tmp_path, cold=cold)
    assert (first.stdout, first.stderr) == (again.stdout, again.stderr)
    assert b" False " in first.stderr
    drawn = (tmp_path / "drawn").read_text().split()
    assert len(set(drawn)) == len(drawn) >= 6
    (tmp_path / "model.py").write_text("import os\ndef f(x):\n    os.abort()\n")
    assert warm.command(*asked, cwd=tmp_path).returncode == -signal.SIGABRT
    assert handed_over(warm, lambda: warm.command(*FORMULA)).returncode == 0


@pytest.fixture
def working(warm: Warm, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A command that works for as long as it is let, and the process that does it."""
    (tmp_path / "model.py").write_text(
        "import os, pathlib, time\npathlib.Path('new').write_text(str(os.getpid()))\n"
        "pathlib.Path('new').rename('pid')\ntime.sleep(600)\ndef f(x):\n    return x\n"
    )
    with warm.begin("grad", "--py", "model.py:f", "--at", "3", cwd=tmp_path) as process:
        assert in_time((tmp_path / "pid").exists)
        yield process, int((tmp_path / "pid").read_text())
        process.kill()


@pytest.mark.parametrize(
    ("sent", "ends"),
    [
        (signal.SIGINT, 130),
        (signal.SIGTERM, -signal.SIGTERM),
        (signal.SIGHUP, -signal.SIGHUP),
        (signal.SIGKILL, -signal.SIGKILL),
    ],
)
def test_the_work_ends_with_the_client(
    sent: signal.Signals, ends: int, working: tuple[subprocess.Popen[bytes], int]
) -> None:
    if signal.getsignal(sent) is signal.SIG_IGN:
        pytest.skip("ignored by whoever runs the tests, as nohup does, and so by the command")
    process, work = working
    assert work != process.pid
    process.send_signal(sent)
    assert process.wait() == ends
    assert process.communicate() == (b"", b"")
    assert in_time(lambda: _state(work) == "Z")


def test_a_stop_stops_the_work_and_it_goes_on(
    working: tuple[subprocess.Popen[bytes], int],
) -> None:
    process, work = working
    process.send_signal(signal.SIGTSTP)
    assert in_time(lambda: _state(work) == "T" and _state(process.pid) == "T")
    process.send_signal(signal.SIGCONT)
    assert in_time(lambda: "T" not in (_state(work), _state(process.pid)))


@pytest.mark.slow
def test_a_timeout_ends_the_work(warm: Warm) -> None:
    slow = ("grad", "exp(sin(x*y))^3/(1+x^2)", "--at", "1,2", "--order", "12", "--no-check")
    ended = handed_over(warm, lambda: warm.command(*slow, "--timeout", "1e-3"))
    assert ended.returncode == 6
    assert b"the time ran out after 0.001 s" in ended.stderr


@pytest.mark.slow
def test_many_at_once_get_their_own_answers(warm: Warm) -> None:
    def derivative(n: int) -> bytes:
        return bytes(warm.command("grad", f"{n}*x^2").stdout)

    with ThreadPoolExecutor(16) as clients:
        for n, said in enumerate(clients.map(derivative, range(3, 19)), 3):
            assert f"{2 * n}*x".encode() in said


@pytest.mark.parametrize("count", [10, pytest.param(10_000, marks=pytest.mark.slow)])
def test_many_one_after_the_other_leave_nothing(count: int, warm: Warm) -> None:
    def data_pages() -> int:
        files = Path(f"/proc/{warm.pid}/fd")
        assert in_time(lambda: len(list(files.iterdir())) == SERVER_FILES)
        return int(Path(f"/proc/{warm.pid}/statm").read_text().split()[5])

    warm.command("--version")
    before = data_pages()
    for _ in range(count):
        assert warm.command("--version").returncode == 0
    assert data_pages() <= before + 64


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "more", "said"),
    [
        (("--cold", *FORMULA), {}, b""),
        ((*FORMULA, "-v", "--device", "cuda"), {}, b"it never initialises CUDA\n"),
        ((*FORMULA, "-v", "--device=cuda:1"), {}, b"it never initialises CUDA\n"),
        (
            (*FORMULA, "-v"),
            {"preexec_fn": partial(resource.setrlimit, resource.RLIMIT_DATA, (1 << 40, 1 << 40))},
            b"it can't inherit all: memory is limited\n",
        ),
        (("--show-completion", "bash"), {}, b""),
        ((*FORMULA, "-v"), {"env": {"OMP_NUM_THREADS": "3"}}, b""),
    ],
)
def test_what_runs_by_itself(
    arguments: Sequence[str], more: dict[str, Any], said: bytes, warm: Warm
) -> None:
    before = warm.answered
    done = warm.command(*arguments, **more)
    assert done.returncode == (2 if b"CUDA" in said else 0)
    explained = b"the warm process isn't used: " + said
    assert done.stderr.startswith(explained) if said else not done.stderr
    assert warm.answered == before


@pytest.mark.slow
def test_a_completion_is_handed_over(warm: Warm) -> None:
    asked = {
        "_DIFFCLI_COMPLETE": "complete_bash",
        "COMP_WORDS": "diffcli grad --prec",
        "COMP_CWORD": "2",
    }
    assert b"--precision" in same(warm, env=asked).stdout


def test_in_the_background_nothing_reads_from_the_terminal(warm: Warm) -> None:
    """A shell with job control stops a job that does, which no session can do to another's."""
    shell = f"set -m; {shlex.join([*CLIENT, *FORMULA, '-v'])} & wait"
    code, shown = _screen(warm, (), program=["bash", "-c", shell])
    assert (code, b"a command in the background would read" in shown) == (0, True)


WRONG = [
    b"",
    b"GET / HTTP/1.1\r\n\r\n",
    request.MAGIC,
    request.MAGIC + b"ffffffff",
    request.MAGIC + b"zzzzzzzz",
    request.MAGIC + b"-0000001",
    request.message([]),
    request.message([b"sudo"]),
    request.message([request.RUN]),
    request.message([request.RUN, b"x", b"0 1 2", b"1", b"", b"", b"", b"999999"]),
    request.message([request.RUN, b"x", b"9", b"18 0", b"", b"", b"0", b"0", b"diffcli"]),
    request.MAGIC + b"00000004" + b"9:x,",
    request.MAGIC + b"00000004" + b"-1:,",
    os.urandom(4096),
]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("sent", WRONG, ids=range(len(WRONG)))
def test_what_is_no_request_is_dropped(sent: bytes, warm: Warm) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(warm.socket))
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(10) == b""
    assert warm.command(*FORMULA).returncode == 0


def test_a_connection_that_says_nothing_keeps_nobody_waiting(warm: Warm) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(warm.socket))
        connection.send(request.MAGIC[:3])
        assert handed_over(warm, lambda: warm.command(*FORMULA)).returncode == 0


def test_descriptors_that_nobody_asked_for_are_closed(warm: Warm) -> None:
    with socket.socket(socket.AF_UNIX) as connection, Path(os.devnull).open() as null:
        connection.connect(str(warm.socket))
        socket.send_fds(connection, [request.MAGIC[:3]], [null.fileno()] * 100)
        with suppress(BrokenPipeError, ConnectionResetError):
            socket.send_fds(connection, [request.MAGIC[3:]], [null.fileno()] * 100)
            assert connection.recv(10) == b""
    files = Path(f"/proc/{warm.pid}/fd")
    assert in_time(lambda: len(list(files.iterdir())) == SERVER_FILES)


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")
def test_another_user_is_not_answered() -> None:
    """Nor where the modes of the folder and the socket were opened to all."""
    with TemporaryDirectory() as runtime:
        process = Warm(Path(runtime))
        assert process.command("warm", "start").returncode == 0
        path = process.socket
        try:
            for opened in (Path(runtime), process.folder, path):
                opened.chmod(0o777)
            assert _said_to(0, path).count(b"\n") == 5
            assert _said_to(65534, path) == b""
        finally:
            for opened in (Path(runtime), process.folder):
                opened.chmod(0o700)
            process.command("warm", "stop")


def _said_to(user: int, path: Path) -> bytes:
    """What a process of another user is answered that asks for the status."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setuid(user)
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(path))
                with suppress(OSError):
                    connection.sendall(request.message([request.STATUS]))
                    os.write(theirs, connection.recv(1000))
        finally:
            os._exit(0)
    os.close(theirs)
    os.waitpid(child, 0)
    with os.fdopen(ours, "rb") as answer:
        return answer.read()


def test_only_its_user_may_speak_to_it(warm: Warm) -> None:
    assert warm.folder.stat().st_mode & 0o777 == 0o700
    assert warm.socket.stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
@pytest.mark.parametrize("planted", ["a link", "a folder that others may enter", "a plain file"])
def test_what_others_planted_is_refused(planted: str, warm: Warm, tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    place = runtime / "diffcli"
    if planted == "a link":
        place.symlink_to(warm.folder)
    elif planted == "a plain file":
        place.write_text("")
    else:
        place.mkdir()
        place.chmod(0o755)
    before = warm.answered
    there = {"XDG_RUNTIME_DIR": str(runtime)}
    said = warm.command(*FORMULA, "-v", env=there)
    assert (said.returncode, said.stderr.startswith(b"the warm process isn't used: ")) == (0, True)
    refused = warm.command("warm", "start", env=there)
    assert refused.returncode == 2
    assert b"isn't a folder of this user's alone" in refused.stderr
    assert warm.answered == before


@pytest.mark.slow
@pytest.mark.parametrize("planted", ["a link", "a socket that nobody hears"])
def test_a_planted_socket_is_passed_by(planted: str, warm: Warm, tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    folder = runtime / "diffcli"
    folder.mkdir(parents=True, mode=0o700)
    runtime.chmod(0o700)
    path = folder / warm.socket.name
    with socket.socket(socket.AF_UNIX) as nobody:
        if planted == "a link":
            path.symlink_to(warm.socket)
        else:
            nobody.bind(str(path))
        before = warm.answered
        assert warm.command(*FORMULA, env={"XDG_RUNTIME_DIR": str(runtime)}).returncode == 0
        assert warm.answered == before


@pytest.mark.slow
def test_a_second_one_is_not_needed(warm: Warm) -> None:
    pid = warm.pid
    again = warm.command("warm", "start")
    assert (again.returncode, again.stdout[:14]) == (0, b"already there:")
    assert warm.pid == pid


def test_commands_of_a_malformed_kind_are_refused() -> None:
    fields = request.command_fields(b"id", ["x^2"], [0, 1, 2])
    assert Command.of(fields).arguments[1:] == ("x^2",)
    for place in range(len(fields) - 1, 1, -1):
        with pytest.raises(request.MalformedError):
            Command.of(fields[:place] if place < 9 else [*fields[:place][:5], b"x", *fields[6:]])


@pytest.mark.slow
def test_without_linux_there_is_none_and_the_rest_works() -> None:
    """What Windows lacks is taken away; that it isn't there is said."""
    lacking = (
        "import signal, socket, sys, sysconfig\nimport typer.main\nsysconfig.get_config_vars()\n"
        "sys.modules |= dict.fromkeys(['resource', 'fcntl', 'termios'])\n"
        "del socket.AF_UNIX, signal.SIGHUP, signal.SIGTSTP\nsys.platform = 'win32'\n"
    )
    for arguments, code, said in (
        (("warm", "start"), 2, b"error: there is no warm process on this system\n"),
        (FORMULA, 0, b""),
    ):
        done = subprocess.run(
            [sys.executable, "-c", lacking + CLIENT[-1], *arguments],
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stderr.startswith(said)) == (code, True), done.stderr


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Warm]:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    process = Warm(runtime)
    yield process
    process.command("warm", "stop")


@pytest.mark.slow
def test_two_that_start_at_once_leave_one(another: Warm) -> None:
    starts = [another.begin("warm", "start") for _ in range(2)]
    said = [start.communicate()[0] for start in starts]
    assert sorted(words[:7] for words in said) == [b"already", b"started"]
    assert len(list(another.folder.glob("*.sock"))) == 1


@pytest.mark.slow
def test_it_starts_with_the_first_command_becomes_stale_and_ends(another: Warm) -> None:
    wanted = {"DIFFCLI_WARM": "1"}
    ours, theirs = os.pipe()
    assert another.command(*GRAD, env=wanted, pass_fds=[theirs]).returncode == 0
    os.close(theirs)
    assert os.read(ours, 1) == b""  # the process that was started doesn't keep it open
    os.close(ours)
    assert in_time(lambda: another.is_running)
    handed_over(another, lambda: another.command(*GRAD, env=wanted))
    # PYTHONPATH holds this folder: something was installed in it.
    (another.folder.parent / "installed.py").write_text("")
    done = another.command(*FORMULA, "-v")
    assert done.returncode == 0
    assert done.stderr.startswith(b"the warm process isn't used: something was installed")
    assert in_time(lambda: not another.is_running)


@pytest.mark.slow
def test_it_ends_when_it_is_idle(another: Warm) -> None:
    assert another.command("warm", "start", "--idle", "0.01").returncode == 0
    with socket.socket(socket.AF_UNIX) as silent, suppress(FileNotFoundError):
        silent.connect(str(another.socket))
        assert in_time(lambda: not list(another.folder.glob("*.sock")))
    assert json.loads(another.command("warm", "status", "--json").stdout) == {"running": False}


@pytest.mark.slow
def test_a_process_that_is_stopped_or_killed_is_passed_by(another: Warm, tmp_path: Path) -> None:
    """A command that has begun is never run a second time; a new process takes the socket over."""
    another.command("warm", "start")
    pid = another.pid
    os.kill(pid, signal.SIGSTOP)
    done = another.command(*FORMULA, "-v")
    assert (done.returncode, done.stderr) == (0, b"the warm process isn't used: it is stopped\n")
    os.kill(pid, signal.SIGCONT)
    (tmp_path / "model.py").write_text(
        "import time\nopen('runs', 'a').write('once')\ntime.sleep(600)\ndef f(x):\n    return x\n"
    )
    with another.begin("grad", "--py", "model.py:f", "--at", "3", cwd=tmp_path) as process:
        assert in_time((tmp_path / "runs").exists)
        os.kill(pid, signal.SIGKILL)
        out, error = process.communicate()
    assert (process.returncode, out) == (1, b"")
    assert error == b"error: the warm process ended before the command did\n"
    assert (tmp_path / "runs").read_text() == "once"
    assert another.command(*FORMULA).returncode == 0
    assert another.command("warm", "start").stdout.startswith(b"started: ")


@pytest.mark.slow
def test_a_restart_leaves_the_work_of_the_old_one_alone(another: Warm, tmp_path: Path) -> None:
    another.command("warm", "start")
    pid = another.pid
    with another.begin("repl", stdin=subprocess.PIPE) as process:
        assert in_time(lambda: another.answered == 1)
        assert another.command("warm", "restart").stdout.startswith(b"started: ")
        assert another.pid != pid
        out, _ = process.communicate(b"f(x) = x^2\nf'(3)\n")
    assert b"6" in out
    assert in_time(lambda: _state(pid) == "Z")


def test_the_client_loads_nothing_heavy(tmp_path: Path) -> None:
    """Nor anything of its own where nobody listens."""
    program = (
        f"import os, sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from diffcli.cli import entry\nprint(entry._is_alone())\n"
        "print('diffcli.cli.warm.client' in sys.modules)\n"
        "from diffcli.cli.warm import client\n"
        "heavy = {'collections', 'enum', 'importlib', 'signal', 'socket', 'typing'}\n"
        "print(heavy & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    assert done.stdout.splitlines() == ["True", "False", "set()"]
