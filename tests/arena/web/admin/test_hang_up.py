import os
import pty
import signal
import subprocess
import sys

PROGRAM = """
import asyncio, fcntl, termios
from arena.web.admin.hang_up import reloading

async def read_again():
    print("read again", flush=True)

async def main():
    with reloading(read_again):
        print("ready", flush=True)
        await asyncio.sleep(60)

fcntl.ioctl(0, termios.TIOCSCTTY, 0)
asyncio.run(main())
"""


def test_a_hang_up_reads_the_settings_again_until_the_terminal_is_closed() -> None:
    terminal, its_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=its_end, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    os.close(its_end)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGHUP)
        assert process.stdout.readline() == "read again\n"
        os.close(terminal)  # the kernel sends SIGHUP to the process
        assert process.wait(timeout=20) == -signal.SIGTERM
    finally:
        process.kill()
        process.communicate()
