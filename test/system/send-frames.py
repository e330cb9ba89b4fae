"""Sends UDP over IPv4 on an interface until it is killed: send-frames.py INTERFACE PPS SOURCE_PORT:FRAME_BYTES:COUNT...

COUNT packets of each flow in turn; PPS 0 is as many as it can. The interface may refuse some (no room, link down): they count
as sent.
"""
import socket
import struct
import sys
import time


def frame(source_port, length):
    payload = length - 42
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + payload, 0, 0, 64, 17, 0, bytes([10, 0, 0, 1]), bytes([10, 0, 1, 1]))
    words = struct.unpack(">10H", ip)
    total = sum(words)
    total = (total & 0xFFFF) + (total >> 16)
    ip = ip[:10] + struct.pack(">H", 0xFFFF - (total & 0xFFFF) - (total >> 16)) + ip[12:]
    return b"\x02" * 12 + b"\x08\x00" + ip + struct.pack(">HHHH", source_port, 9, 8 + payload, 0) + bytes(payload)


interface, pps = sys.argv[1], int(sys.argv[2])
frames = []
for flow in sys.argv[3:]:
    source_port, length, count = map(int, flow.split(":"))
    frames += [frame(source_port, length)] * count
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((interface, 0))
print("sending", file=sys.stderr, flush=True)
begun, sent = time.monotonic(), 0
while True:
    for one in frames:
        try:
            out.send(one)
        except OSError:
            pass
    sent += len(frames)
    if pps:
        time.sleep(max(0, sent / pps - (time.monotonic() - begun)))
