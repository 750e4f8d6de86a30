/* Calls the handshake from C: the only Rust in this program is the staticlib. */
#include <stdio.h>

int didshake_no_std_handshake(void);

int main(void) {
    int failure = didshake_no_std_handshake();
    if (failure != 0) {
        fprintf(stderr, "the handshake failed: %d (see tests/no-std/src/lib.rs)\n", failure);
        return 1;
    }
    puts("a whole handshake, without Rust's standard library");
    return 0;
}
