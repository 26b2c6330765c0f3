/* Lower and upper case, the same on every machine.
 *
 * The idea: within the scripts in which names of places and providers are published in Europe, the two cases of a letter take the
 * same number of bytes in UTF-8, so text changes in place, through a table of ranges. It is not a full Unicode folding and does not
 * try to be one: what is not in the table stays as it is. */
#include "ops/function_case.h"

#include <stdint.h>

/* Letters first to last: in capitals when every `step`-th of them, from the first, is one, its small letter `apart` further on. */
typedef struct letters {
  uint32_t first, last, step, apart;
} letters;

static const letters alphabets[] = {
    {0xC0, 0xD6, 1, 32},   /* À Á Â … Ö */
    {0xD8, 0xDE, 1, 32},   /* Ø Ù … Þ */
    {0x100, 0x12E, 2, 1},  /* Ā ā … Į į; İ and ı stay */
    {0x132, 0x136, 2, 1},  /* Ĳ ĳ … Ķ ķ */
    {0x139, 0x147, 2, 1},  /* Ĺ ĺ … Ň ň */
    {0x14A, 0x176, 2, 1},  /* Ŋ ŋ … Ŷ ŷ */
    {0x179, 0x17D, 2, 1},  /* Ź ź … Ž ž */
    {0x386, 0x386, 1, 38}, /* Ά */
    {0x388, 0x38A, 1, 37}, /* Έ Ή Ί */
    {0x38C, 0x38C, 1, 64}, /* Ό */
    {0x38E, 0x38F, 1, 63}, /* Ύ Ώ */
    {0x391, 0x3A1, 1, 32}, /* Α … Ρ */
    {0x3A3, 0x3AB, 1, 32}, /* Σ … Ϋ */
    {0x400, 0x40F, 1, 80}, /* Ѐ … Џ */
    {0x410, 0x42F, 1, 32}, /* А … Я */
};

static uint32_t change(uint32_t letter, bool upper) {
  for (size_t i = 0; i < sizeof alphabets / sizeof *alphabets; i++) {
    const letters *a = &alphabets[i];
    uint32_t capital = upper ? letter - a->apart : letter;
    if (capital < a->first || capital > a->last || (capital - a->first) % a->step) continue;
    return upper ? capital : letter + a->apart;
  }
  return letter;
}

static char change_ascii(char letter, bool upper) {
  char first = upper ? 'a' : 'A';
  return letter >= first && letter < first + 26 ? (char)(letter ^ 0x20) : letter;
}

void tl_change_case(char *bytes, size_t size, bool upper) {
  for (size_t i = 0; i < size; i++) {
    unsigned char lead = (unsigned char)bytes[i];
    bool pair = lead >= 0xC3 && lead <= 0xD1 && i + 1 < size;
    if (!pair) {
      bytes[i] = change_ascii(bytes[i], upper);
      continue;
    }
    uint32_t letter = change((lead & 0x1Fu) << 6 | ((unsigned char)bytes[i + 1] & 0x3Fu), upper);
    bytes[i] = (char)(0xC0 | letter >> 6);
    bytes[++i] = (char)(0x80 | (letter & 0x3F));
  }
}
