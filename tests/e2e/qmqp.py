"""A client of QMQP, byte for byte."""
import socket


def ns(data):
    return b"%d:%s," % (len(data), data)


def request(message, sender, rcpts):
    """Addresses are str, or bytes as they are."""
    addresses = [a if isinstance(a, bytes) else a.encode()
                 for a in (sender, *rcpts)]
    return ns(ns(message) + b"".join(ns(a) for a in addresses))


def answer(sock):
    """("K", text), None at the end of the connection, "reset"."""
    data = b""
    try:
        while True:
            piece = sock.recv(65536)
            if not piece:
                break
            data += piece
    except ConnectionResetError:
        if not data:
            return "reset"
    if not data:
        return None
    n, _, rest = data.partition(b":")
    assert rest[int(n):] == b",", data
    text = rest[:int(n)].decode("utf-8", "replace")
    return text[0], text[1:]


def connect(port, source=None, timeout=60):
    return socket.create_connection(
        ("127.0.0.1", port), timeout,
        source_address=(source, 0) if source else None)


def send(port, message=b"Subject: hi\n\nhello\n", sender="s@client.test",
         rcpts=("r@example.com",), source=None):
    try:
        s = connect(port, source)
    except ConnectionResetError:
        return "reset"
    with s:
        reset = False
        try:
            s.sendall(request(message, sender, rcpts))
        except (BrokenPipeError, ConnectionResetError):
            reset = True    # it may have answered before; said only once
        return answer(s) or ("reset" if reset else None)
