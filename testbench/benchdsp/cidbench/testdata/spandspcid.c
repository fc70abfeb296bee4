/* Prints the messages that libspandsp hears in a file of 8000 samples a second,
 * one line of hexadecimal octets each: spandspcid class|clip FILE */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <spandsp.h>

static void heard(void *unused, const uint8_t *msg, int len)
{
    (void) unused;
    for (int i = 0; i < len; i++)
        printf("%02x", msg[i]);
    printf("\n");
}

int main(int argc, char **argv)
{
    int16_t amp[160];
    size_t n;
    FILE *f;
    adsi_rx_state_t *rx;

    if (argc != 3 || !(f = fopen(argv[2], "rb"))) {
        fprintf(stderr, "usage: spandspcid class|clip FILE\n");
        return 1;
    }
    rx = adsi_rx_init(NULL, strcmp(argv[1], "clip") ? ADSI_STANDARD_CLASS : ADSI_STANDARD_CLIP, heard, NULL);
    if (!rx)
        return 1;
    while ((n = fread(amp, 2, 160, f)) > 0)
        adsi_rx(rx, amp, (int) n);
    return 0;
}
