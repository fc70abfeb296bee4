/* Conceals lost frames of 160 samples by spandsp. Usage: spandspplc IN MAP OUT;
   IN and OUT are raw 16-bit samples, MAP has one character 0 or 1 a frame. */
#include <stdio.h>
#include <stdint.h>
#include <inttypes.h>
#include <spandsp.h>

int main(int argc, char **argv)
{
    int16_t f[160];
    FILE *in, *map, *out;
    plc_state_t *s;
    int c;

    if (argc != 4
        || (in = fopen(argv[1], "rb")) == NULL
        || (map = fopen(argv[2], "rb")) == NULL
        || (out = fopen(argv[3], "wb")) == NULL)
    {
        fprintf(stderr, "cannot open the files\n");
        return 1;
    }
    s = plc_init(NULL);
    while (fread(f, sizeof(int16_t), 160, in) == 160)
    {
        c = fgetc(map);
        if (c == '1')
            plc_fillin(s, f, 160);
        else
            plc_rx(s, f, 160);
        if (fwrite(f, sizeof(int16_t), 160, out) != 160)
            return 1;
    }
    fclose(out);
    return 0;
}
