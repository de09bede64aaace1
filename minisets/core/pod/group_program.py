"""The program that hands all files of volumes to a group, as machine code.

As the kubelet does it for fsGroup, and in the volumes' own machine: nothing is carried over the
wire, and no image has to bring a tool.
"""

from __future__ import annotations

from minisets.core.pod.programs import executable

# The first argument is a group id, the others are paths. Each path and all that is below it gets
# the group; the group may read and write it, and may enter directories, where what is made
# belongs to the group, too. Links are handed over themselves and not followed; what goes away
# meanwhile is passed over. Exit code 1 if anything could not be handed over. Each directory on
# the way takes 2 KiB of stack and one file descriptor.
_CODE = {
    "amd64": bytes.fromhex(
        "58"  # pop rax (argc)
        "5f"  # pop rdi (argv[0])
        "5e"  # pop rsi (argv[1])
        "31ed"  # xor ebp, ebp
        "0fb606"  # parse: movzx eax, byte ptr [rsi]
        "48ffc6"  # inc rsi
        "83e830"  # sub eax, 48
        "7807"  # js parsed
        "6bed0a"  # imul ebp, ebp, 10
        "01c5"  # add ebp, eax
        "ebee"  # jmp parse
        "4531ff"  # parsed: xor r15d, r15d
        "5e"  # next: pop rsi
        "4885f6"  # test rsi, rsi
        "740c"  # je done
        "bf9cffffff"  # mov edi, -100 (AT_FDCWD)
        "e80c000000"  # call walk
        "ebee"  # jmp next
        "4489ff"  # done: mov edi, r15d
        "b83c000000"  # mov eax, 60 (exit)
        "0f05"  # syscall
        "53"  # walk: push rbx
        "4154"  # push r12
        "4155"  # push r13
        "4156"  # push r14
        "4881ec00080000"  # sub rsp, 2048
        "89fb"  # mov ebx, edi
        "4989f4"  # mov r12, rsi
        "4889e2"  # mov rdx, rsp
        "41ba00010000"  # mov r10d, 0x100 (AT_SYMLINK_NOFOLLOW)
        "b806010000"  # mov eax, 262 (newfstatat)
        "0f05"  # syscall
        "85c0"  # test eax, eax
        "0f85e5000000"  # jne failed
        "448b6c2418"  # mov r13d, [rsp+24] (st_mode)
        "89df"  # mov edi, ebx
        "4c89e6"  # mov rsi, r12
        "baffffffff"  # mov edx, -1 (keep the user)
        "4189ea"  # mov r10d, ebp (the group)
        "41b800010000"  # mov r8d, 0x100 (AT_SYMLINK_NOFOLLOW)
        "b804010000"  # mov eax, 260 (fchownat)
        "0f05"  # syscall
        "85c0"  # test eax, eax
        "0f85be000000"  # jne failed
        "4589ee"  # mov r14d, r13d
        "4181e600f00000"  # and r14d, 0xf000
        "4181fe00a00000"  # cmp r14d, 0xa000 (a link)
        "0f84b2000000"  # je leave
        "4489ea"  # mov edx, r13d
        "81e2ff0f0000"  # and edx, 0xfff
        "81cab0010000"  # or edx, 0x1b0 (0660)
        "4181fe00400000"  # cmp r14d, 0x4000 (a directory)
        "7506"  # jne mode
        "81ca48040000"  # or edx, 0x448 (02110)
        "89df"  # mode: mov edi, ebx
        "4c89e6"  # mov rsi, r12
        "b80c010000"  # mov eax, 268 (fchmodat)
        "0f05"  # syscall
        "85c0"  # test eax, eax
        "7579"  # jne failed
        "4181fe00400000"  # cmp r14d, 0x4000 (a directory)
        "757b"  # jne leave
        "89df"  # mov edi, ebx
        "4c89e6"  # mov rsi, r12
        "ba00000300"  # mov edx, 0x30000 (O_DIRECTORY | O_NOFOLLOW)
        "b801010000"  # mov eax, 257 (openat)
        "0f05"  # syscall
        "85c0"  # test eax, eax
        "785b"  # js failed
        "89c3"  # mov ebx, eax
        "89df"  # read: mov edi, ebx
        "4889e6"  # mov rsi, rsp
        "ba00080000"  # mov edx, 2048
        "b8d9000000"  # mov eax, 217 (getdents64)
        "0f05"  # syscall
        "85c0"  # test eax, eax
        "7e33"  # jle close
        "4989e5"  # mov r13, rsp
        "4c8d3404"  # lea r14, [rsp+rax]
        "498d7513"  # entry: lea rsi, [r13+19] (d_name)
        "803e2e"  # cmp byte ptr [rsi], '.'
        "750d"  # jne go
        "807e0100"  # cmp byte ptr [rsi+1], 0
        "740e"  # je skip
        "66837e012e"  # cmp word ptr [rsi+1], '.'
        "7407"  # je skip
        "89df"  # go: mov edi, ebx
        "e810ffffff"  # call walk
        "410fb74510"  # skip: movzx eax, word ptr [r13+16] (d_reclen)
        "4901c5"  # add r13, rax
        "4d39f5"  # cmp r13, r14
        "72d6"  # jb entry
        "ebb8"  # jmp read
        "4189c6"  # close: mov r14d, eax
        "89df"  # mov edi, ebx
        "b803000000"  # mov eax, 3 (close)
        "0f05"  # syscall
        "4585f6"  # test r14d, r14d
        "740b"  # je leave
        "83f8fe"  # failed: cmp eax, -2 (ENOENT: gone meanwhile)
        "7406"  # je leave
        "41bf01000000"  # mov r15d, 1
        "4881c400080000"  # leave: add rsp, 2048
        "415e"  # pop r14
        "415d"  # pop r13
        "415c"  # pop r12
        "5b"  # pop rbx
        "c3"  # ret
    ),
    "arm64": bytes.fromhex(
        "e00b40f9"  # ldr x0, [sp, #16] (argv[1])
        "fa630091"  # add x26, sp, #24
        "18008052"  # mov w24, #0
        "19008052"  # mov w25, #0
        "42018052"  # mov w2, #10
        "01144038"  # parse: ldrb w1, [x0], #1
        "21c00071"  # subs w1, w1, #48
        "64000054"  # b.mi next
        "1807021b"  # madd w24, w24, w2, w1
        "fcffff17"  # b parse
        "418740f8"  # next: ldr x1, [x26], #8
        "810000b4"  # cbz x1, done
        "600c8012"  # mov w0, #-100 (AT_FDCWD)
        "05000094"  # bl walk
        "fcffff17"  # b next
        "e003192a"  # done: mov w0, w25
        "a80b80d2"  # mov x8, #93 (exit)
        "010000d4"  # svc #0
        "fe53bda9"  # walk: stp x30, x20, [sp, #-48]!
        "f55b01a9"  # stp x21, x22, [sp, #16]
        "f71300f9"  # str x23, [sp, #32]
        "ff0320d1"  # sub sp, sp, #2048
        "f403002a"  # mov w20, w0
        "f50301aa"  # mov x21, x1
        "e2030091"  # mov x2, sp
        "032080d2"  # mov x3, #256 (AT_SYMLINK_NOFOLLOW)
        "e80980d2"  # mov x8, #79 (newfstatat)
        "010000d4"  # svc #0
        "40080035"  # cbnz w0, failed
        "f61340b9"  # ldr w22, [sp, #16] (st_mode)
        "e003142a"  # mov w0, w20
        "e10315aa"  # mov x1, x21
        "02008012"  # mov w2, #-1 (keep the user)
        "e303182a"  # mov w3, w24 (the group)
        "042080d2"  # mov x4, #256 (AT_SYMLINK_NOFOLLOW)
        "c80680d2"  # mov x8, #54 (fchownat)
        "010000d4"  # svc #0
        "20070035"  # cbnz w0, failed
        "d70e1412"  # and w23, w22, #0xf000
        "03009452"  # mov w3, #0xa000 (a link)
        "ff02036b"  # cmp w23, w3
        "00070054"  # b.eq leave
        "c22e0012"  # and w2, w22, #0xfff
        "03368052"  # mov w3, #0x1b0 (0660)
        "4200032a"  # orr w2, w2, w3
        "ff124071"  # cmp w23, #0x4000 (a directory)
        "61000054"  # b.ne mode
        "03898052"  # mov w3, #0x448 (02110)
        "4200032a"  # orr w2, w2, w3
        "e003142a"  # mode: mov w0, w20
        "e10315aa"  # mov x1, x21
        "a80680d2"  # mov x8, #53 (fchmodat)
        "010000d4"  # svc #0
        "20050035"  # cbnz w0, failed
        "ff124071"  # cmp w23, #0x4000 (a directory)
        "41050054"  # b.ne leave
        "e003142a"  # mov w0, w20
        "e10315aa"  # mov x1, x21
        "02009852"  # mov w2, #0xc000 (O_DIRECTORY | O_NOFOLLOW)
        "03008052"  # mov w3, #0
        "080780d2"  # mov x8, #56 (openat)
        "010000d4"  # svc #0
        "0004f837"  # tbnz w0, #31, failed
        "f403002a"  # mov w20, w0
        "e003142a"  # read: mov w0, w20
        "e1030091"  # mov x1, sp
        "020081d2"  # mov x2, #2048
        "a80780d2"  # mov x8, #61 (getdents64)
        "010000d4"  # svc #0
        "1f000071"  # cmp w0, #0
        "6d020054"  # b.le close
        "f6030091"  # mov x22, sp
        "d702008b"  # add x23, x22, x0
        "c14e0091"  # entry: add x1, x22, #19 (d_name)
        "22004039"  # ldrb w2, [x1]
        "5fb80071"  # cmp w2, '.'
        "c1000054"  # b.ne go
        "22104078"  # ldurh w2, [x1, #1]
        "5f1c0072"  # tst w2, #0xff
        "a0000054"  # b.eq skip
        "5fb80071"  # cmp w2, '.'
        "60000054"  # b.eq skip
        "e003142a"  # go: mov w0, w20
        "bfffff97"  # bl walk
        "c2224079"  # skip: ldrh w2, [x22, #16] (d_reclen)
        "d602028b"  # add x22, x22, x2
        "df0217eb"  # cmp x22, x23
        "43feff54"  # b.lo entry
        "e8ffff17"  # b read
        "f703002a"  # close: mov w23, w0
        "e003142a"  # mov w0, w20
        "280780d2"  # mov x8, #57 (close)
        "010000d4"  # svc #0
        "97000034"  # cbz w23, leave
        "1f080031"  # failed: cmn w0, #2 (ENOENT: gone meanwhile)
        "40000054"  # b.eq leave
        "39008052"  # mov w25, #1
        "ff032091"  # leave: add sp, sp, #2048
        "f71340f9"  # ldr x23, [sp, #32]
        "f55b41a9"  # ldp x21, x22, [sp, #16]
        "fe53c3a8"  # ldp x30, x20, [sp], #48
        "c0035fd6"  # ret
    ),
}


def group_program(architecture: str) -> bytes | None:
    """Return the program for a machine (``amd64``, ``arm64``); None for others."""
    code = _CODE.get(architecture)
    return None if code is None else executable(architecture, code)
