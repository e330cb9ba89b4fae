/*
 * Waits for a byte on its standard input with known values in every register that a system call keeps, and says of each wait
 * whether they are still there: `kept N RESULT` or `changed WHAT`. SIGUSR1 makes it say `signal`. It ends when its input does.
 */
#include <errno.h>
#include <immintrin.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRUNCATE_SSE 0x7f80
#define TRUNCATE_X87 0x0f7f

struct values {
    uint64_t general[7]; /* rbx, r12 to r15, r9, and 64 bytes below the stack's end */
    uint8_t vectors[16][32];
};

/* epoll_wait(fd, events, 1, -1) between loads and stores of the registers. */
static long __attribute__((target("avx2"), noinline)) wait_with(int fd, struct epoll_event *events,
                                                                const struct values *in, struct values *out)
{
    long result;
    __asm__ volatile(
        "mov %[in], %%rax\n"
        "vmovdqu 56(%%rax), %%ymm0\n vmovdqu 88(%%rax), %%ymm1\n vmovdqu 120(%%rax), %%ymm2\n"
        "vmovdqu 152(%%rax), %%ymm3\n vmovdqu 184(%%rax), %%ymm4\n vmovdqu 216(%%rax), %%ymm5\n"
        "vmovdqu 248(%%rax), %%ymm6\n vmovdqu 280(%%rax), %%ymm7\n vmovdqu 312(%%rax), %%ymm8\n"
        "vmovdqu 344(%%rax), %%ymm9\n vmovdqu 376(%%rax), %%ymm10\n vmovdqu 408(%%rax), %%ymm11\n"
        "vmovdqu 440(%%rax), %%ymm12\n vmovdqu 472(%%rax), %%ymm13\n vmovdqu 504(%%rax), %%ymm14\n"
        "vmovdqu 536(%%rax), %%ymm15\n"
        "push %%rbx\n push %[out]\n"
        "mov (%%rax), %%rbx\n mov 8(%%rax), %%r12\n mov 16(%%rax), %%r13\n mov 24(%%rax), %%r14\n"
        "mov 32(%%rax), %%r15\n mov 40(%%rax), %%r9\n"
        "mov 48(%%rax), %%r8\n mov %%r8, -64(%%rsp)\n"
        "mov %[number], %%eax\n"
        "mov $1, %%edx\n mov $-1, %%r10\n xor %%r8d, %%r8d\n"
        "syscall\n"
        "mov -64(%%rsp), %%r8\n"
        "pop %%rcx\n"
        "mov %%rbx, (%%rcx)\n mov %%r12, 8(%%rcx)\n mov %%r13, 16(%%rcx)\n mov %%r14, 24(%%rcx)\n"
        "mov %%r15, 32(%%rcx)\n mov %%r9, 40(%%rcx)\n"
        "mov %%r8, 48(%%rcx)\n"
        "vmovdqu %%ymm0, 56(%%rcx)\n vmovdqu %%ymm1, 88(%%rcx)\n vmovdqu %%ymm2, 120(%%rcx)\n"
        "vmovdqu %%ymm3, 152(%%rcx)\n vmovdqu %%ymm4, 184(%%rcx)\n vmovdqu %%ymm5, 216(%%rcx)\n"
        "vmovdqu %%ymm6, 248(%%rcx)\n vmovdqu %%ymm7, 280(%%rcx)\n vmovdqu %%ymm8, 312(%%rcx)\n"
        "vmovdqu %%ymm9, 344(%%rcx)\n vmovdqu %%ymm10, 376(%%rcx)\n vmovdqu %%ymm11, 408(%%rcx)\n"
        "vmovdqu %%ymm12, 440(%%rcx)\n vmovdqu %%ymm13, 472(%%rcx)\n vmovdqu %%ymm14, 504(%%rcx)\n"
        "vmovdqu %%ymm15, 536(%%rcx)\n"
        "pop %%rbx\n"
        : "=a"(result), "+D"(fd), "+S"(events)
        : [in] "c"(in), [out] "d"(out), [number] "i"(SYS_epoll_wait)
        : "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
          "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    return result;
}

static const char *changed(const struct values *in, const struct values *out, const stack_t *alternate)
{
    uint16_t control;
    stack_t now;
    sigset_t blocked;
    if (memcmp(in->general, out->general, sizeof(in->general)) != 0)
        return "general registers";
    if (memcmp(in->vectors, out->vectors, sizeof(in->vectors)) != 0)
        return "vectors";
    if (_mm_getcsr() != TRUNCATE_SSE)
        return "mxcsr";
    __asm__ volatile("fnstcw %0" : "=m"(control));
    if (control != TRUNCATE_X87)
        return "x87 control word";
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    if (sigismember(&blocked, SIGUSR2) != 1 || sigismember(&blocked, SIGUSR1) != 0)
        return "signal mask";
    sigaltstack(NULL, &now);
    if (now.ss_sp != alternate->ss_sp || now.ss_size != alternate->ss_size || now.ss_flags != alternate->ss_flags)
        return "alternate stack";
    return NULL;
}

static void say_signal(int number)
{
    (void)number;
    if (write(STDOUT_FILENO, "signal\n", 7) < 0)
        _exit(1);
}

int main(void)
{
    static struct values in, out;
    stack_t alternate = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16, .ss_flags = 0};
    sigset_t mask;
    uint16_t control = TRUNCATE_X87;
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(0);
    for (size_t i = 0; i < sizeof(in); i++)
        ((uint8_t *)&in)[i] = (uint8_t)(i * 37 + 11);
    sigaltstack(&alternate, NULL);
    signal(SIGUSR1, say_signal);
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("ready\n");
    for (int n = 1;; n++) {
        char byte;
        _mm_setcsr(TRUNCATE_SSE);
        __asm__ volatile("fldcw %0" : : "m"(control));
        memset(&out, 0, sizeof(out));
        long result = wait_with(epoll, &event, &in, &out);
        const char *what = changed(&in, &out, &alternate);
        if (what != NULL)
            printf("changed %s\n", what);
        else
            printf("kept %d %ld\n", n, result);
        if (result > 0 && read(STDIN_FILENO, &byte, 1) <= 0)
            return 0;
    }
}
