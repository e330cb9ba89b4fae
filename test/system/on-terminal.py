"""Runs a command on a pseudo-terminal and drives it by lines on standard input: `size ROWS COLUMNS`, `type TEXT` (with Python's
escapes), `close`. What the command writes goes to standard output; its exit code is this one's."""
import fcntl, os, pty, select, signal, struct, sys, termios

def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

rows, columns, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
resize(terminal, rows, columns)
before = termios.tcgetattr(terminal)
pending = b""
watched = [terminal, 0]
while True:
    ready, _, _ = select.select(watched, [], [])
    if terminal in ready:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            data = b""
        if not data:
            break
        os.write(1, data)
    if 0 in ready:
        data = os.read(0, 4096)
        if not data:
            watched.remove(0)
            continue
        pending += data
        *lines, pending = pending.split(b"\n")
        for line in lines:
            word, _, rest = line.decode().partition(" ")
            if word == "size":
                resize(terminal, *map(int, rest.split()))
            elif word == "type":
                os.write(terminal, rest.encode().decode("unicode_escape").encode("latin-1"))
            elif word == "signal":
                os.kill(pid, getattr(signal, rest))
_, status = os.waitpid(pid, 0)
# Echo and lines as they were before: raw mode has been left.
os.write(1, b"\nrestored\n" if termios.tcgetattr(terminal)[3] == before[3] else b"\nleft raw\n")
sys.exit(os.waitstatus_to_exitcode(status))
