"""The two programs of our own image: one that waits for ever, one that swaps files in volumes.

Written down as machine code, so that the image can be made without a compiler and a registry.
"""

from __future__ import annotations

import struct

# Linux: give SIGCHLD to SIG_IGN, so that the kernel itself reaps what is left to the first process
# of a shared process namespace; then call pause(2), or ppoll(2) with nothing to wait for, again
# and again. The action (SIG_IGN, no flags, no restorer, no mask) follows the code.
_ACTION = struct.pack("<4Q", 1, 0, 0, 0)
_PAUSE = {
    "amd64": bytes.fromhex(
        "b80d000000"  # mov eax, 13 (rt_sigaction)
        "bf11000000"  # mov edi, 17 (SIGCHLD)
        "488d3513000000"  # lea rsi, [rip+19] (the action)
        "31d2"  # xor edx, edx
        "41ba08000000"  # mov r10d, 8
        "0f05"  # syscall
        "b822000000"  # again: mov eax, 34 (pause)
        "0f05"  # syscall
        "ebf7"  # jmp again
    ),
    "arm64": bytes.fromhex(
        "c81080d2"  # mov x8, #134 (rt_sigaction)
        "200280d2"  # mov x0, #17 (SIGCHLD)
        "81010010"  # adr x1, +48 (the action)
        "020080d2"  # mov x2, #0
        "030180d2"  # mov x3, #8
        "010000d4"  # svc #0
        "280980d2"  # again: mov x8, #73 (ppoll)
        "000080d2"  # mov x0, #0
        "010080d2"  # mov x1, #0
        "020080d2"  # mov x2, #0
        "030080d2"  # mov x3, #0
        "010000d4"  # svc #0
        "faffff17"  # b again
        "1f2003d5"  # nop
    ),
}
# One argument after the other: "=PATH" is renamed to the argument after it, and what that was is
# replaced at once; any other is a file or an empty directory to remove, gone already is fine. Exit
# code 1 if something could not be renamed.
_FILES = {
    "amd64": bytes.fromhex(
        "58"  # pop rax (argc)
        "5f"  # pop rdi (argv[0])
        "5f"  # next: pop rdi
        "4885ff"  # test rdi, rdi
        "742f"  # je done
        "803f3d"  # cmp byte ptr [rdi], '='
        "7414"  # je rename
        "b857000000"  # mov eax, 87 (unlink)
        "0f05"  # syscall
        "85c0"  # test eax, eax
        "74ea"  # je next
        "b854000000"  # mov eax, 84 (rmdir)
        "0f05"  # syscall
        "ebe1"  # jmp next
        "48ffc7"  # rename: inc rdi
        "5e"  # pop rsi
        "b852000000"  # mov eax, 82 (rename)
        "0f05"  # syscall
        "85c0"  # test eax, eax
        "74d2"  # je next
        "bf01000000"  # mov edi, 1
        "eb02"  # jmp exit
        "31ff"  # done: xor edi, edi
        "b83c000000"  # exit: mov eax, 60 (exit)
        "0f05"  # syscall
    ),
    "arm64": bytes.fromhex(
        "f3430091"  # add x19, sp, #16 (argv[1])
        "618640f8"  # next: ldr x1, [x19], #8
        "210300b4"  # cbz x1, done
        "22004039"  # ldrb w2, [x1]
        "5ff40071"  # cmp w2, '='
        "80010054"  # b.eq rename
        "600c8092"  # mov x0, #-100 (AT_FDCWD)
        "020080d2"  # mov x2, #0
        "680480d2"  # mov x8, #35 (unlinkat)
        "f40301aa"  # mov x20, x1
        "010000d4"  # svc #0
        "c0feffb4"  # cbz x0, next
        "600c8092"  # mov x0, #-100
        "e10314aa"  # mov x1, x20
        "024080d2"  # mov x2, #512 (AT_REMOVEDIR)
        "010000d4"  # svc #0
        "f1ffff17"  # b next
        "21040091"  # rename: add x1, x1, #1
        "600c8092"  # mov x0, #-100
        "620c8092"  # mov x2, #-100
        "638640f8"  # ldr x3, [x19], #8
        "040080d2"  # mov x4, #0
        "882280d2"  # mov x8, #276 (renameat2)
        "010000d4"  # svc #0
        "20fdffb4"  # cbz x0, next
        "200080d2"  # mov x0, #1
        "02000014"  # b exit
        "000080d2"  # done: mov x0, #0
        "a80b80d2"  # exit: mov x8, #93 (exit)
        "010000d4"  # svc #0
    ),
}
_MACHINES = {"amd64": 62, "arm64": 183}

_BASE = 0x400000
_HEADER = 64
_SEGMENT = 56


def pause_program(architecture: str) -> bytes | None:
    """Return the program that waits, for a machine (``amd64``, ``arm64``); None for others."""
    code = _PAUSE.get(architecture)
    return None if code is None else executable(architecture, code + _ACTION)


def files_program(architecture: str) -> bytes | None:
    """Return the program that renames and removes what its arguments say; see pause_program."""
    code = _FILES.get(architecture)
    return None if code is None else executable(architecture, code)


def executable(architecture: str, body: bytes) -> bytes:
    """Give code the head of a static ELF executable of 64 bits, little-endian."""
    head = _HEADER + _SEGMENT
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01",
        2,  # an executable
        _MACHINES[architecture],
        1,
        _BASE + head,  # where it begins
        _HEADER,  # where the segments are listed
        0,
        0,
        _HEADER,
        _SEGMENT,
        1,
        0,
        0,
        0,
    )
    size = head + len(body)
    # Loaded as a whole, to be read and executed.
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000)
    return header + segment + body
