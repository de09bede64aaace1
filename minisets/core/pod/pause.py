"""The program that sandboxes run: it waits for ever, reaps what it inherits, and needs no file.

Written down as machine code, so that the image can be made without a compiler and a registry.
"""

from __future__ import annotations

import struct

# Linux: give SIGCHLD to SIG_IGN, so that the kernel itself reaps what is left to the first process
# of a shared process namespace; then call pause(2), or ppoll(2) with nothing to wait for, again
# and again. The action (SIG_IGN, no flags, no restorer, no mask) follows the code.
_ACTION = struct.pack("<4Q", 1, 0, 0, 0)
_AMD64 = bytes.fromhex(
    "b80d000000"  # mov eax, 13 (rt_sigaction)
    "bf11000000"  # mov edi, 17 (SIGCHLD)
    "488d3513000000"  # lea rsi, [rip+19] (the action)
    "31d2"  # xor edx, edx
    "41ba08000000"  # mov r10d, 8
    "0f05"  # syscall
    "b822000000"  # again: mov eax, 34 (pause)
    "0f05"  # syscall
    "ebf7"  # jmp again
)
_ARM64 = struct.pack(
    "<14I",
    0xD28010C8,  # mov x8, #134 (rt_sigaction)
    0xD2800220,  # mov x0, #17 (SIGCHLD)
    0x10000181,  # adr x1, +48 (the action)
    0xD2800002,  # mov x2, #0
    0xD2800103,  # mov x3, #8
    0xD4000001,  # svc #0
    0xD2800928,  # again: mov x8, #73 (ppoll)
    0xD2800000,  # mov x0, #0
    0xD2800001,  # mov x1, #0
    0xD2800002,  # mov x2, #0
    0xD2800003,  # mov x3, #0
    0xD4000001,  # svc #0
    0x17FFFFFA,  # b again
    0xD503201F,  # nop
)
_PROGRAMS = {"amd64": (62, _AMD64), "arm64": (183, _ARM64)}

_BASE = 0x400000
_HEADERS = 64 + 56


def pause_program(architecture: str) -> bytes | None:
    """Return a static ELF executable for a machine (``amd64``, ``arm64``), None for others."""
    if architecture not in _PROGRAMS:
        return None
    machine, code = _PROGRAMS[architecture]
    body = code + _ACTION
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01",  # 64 bits, little-endian, version 1
        2,  # an executable
        machine,
        1,
        _BASE + _HEADERS,  # where it begins
        64,  # where the program headers are
        0,
        0,
        64,
        56,
        1,
        0,
        0,
        0,
    )
    size = _HEADERS + len(body)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000)
    return header + segment + body
