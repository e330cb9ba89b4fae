/** The program that both tracers look at: what it does is the same every time. */
export const WORKER_SOURCE = `
#include <sys/sdt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
struct packet { uint16_t len; uint8_t proto; uint32_t src; const char *name; };
static const char *names[] = { "alpha", "beta", "gamma", "delta", "a name that is longer than sixteen bytes" };
static const char *argv_like[] = { "one", "two", "three", NULL };
__attribute__((noipa)) long work(long n, const char *name) { return n * 7 % 23 - 5; }
__attribute__((noipa)) int leaf(int a, unsigned b, short c, char d) { return a - (int)b + c - d; }
__attribute__((noipa)) int outer(int n) { int r = leaf(n, 3u * n, -n, 'a' + n); __asm__ volatile("" : "+r"(r)); return r + 1; }
__attribute__((noipa)) void receive(struct packet *p, unsigned queue) { STAP_PROBE4(net, rx, p->len, queue, p->proto, p->name); }
__attribute__((noipa)) void send(const uint8_t *mac, uint64_t bytes, int64_t delta) { STAP_PROBE3(net, tx, mac, bytes, delta); }
__attribute__((noipa)) void list(const char **words, uint32_t address) { STAP_PROBE2(net, list, words, address); }
int main(int argc, char **argv) {
  unsigned rounds = argc > 1 ? atoi(argv[1]) : 20;
  uint8_t mac[6] = { 2, 0, 0x5e, 0x10, 0xff, 0 };
  long sum = 0;
  /* Programs of the kernel read only pages that are there. */
  for (int i = 0; i < 5; i++) sum += *(volatile const char *)names[i] + strlen(names[i]);
  for (int i = 0; argv_like[i]; i++) sum += *(volatile const char *)argv_like[i];
  for (unsigned i = 0; i < rounds; i++) {
    struct packet p = { 60 + (i * 97) % 1460, i % 3 ? 6 : 17, 0x0a000001 + i, names[i % 5] };
    receive(&p, i % 4);
    if (i % 5 == 0) list(argv_like, 0x0100007f + (i << 24));
    /* No such descriptor: a system call, and nothing else. */
    if (write(-1, names[i % 5], i) != -1) return 3;
    mac[5] = i % 3;
    send(mac, 1ull << (i % 40), (int64_t)i - 10);
    sum += work(i, names[i % 5]) + outer(i);
  }
  if (argc > 2) usleep(1000 * atoi(argv[2]));
  return sum == 424242;
}
`;
