/* Every kernel that reads many numbers at once against the functions that read one: what it takes it reads bit for bit as they do,
 * and it takes whatever it says it does. */
#include "base/digits.h"

#include "base/number.h"
#include "check.h"
#include "random.h"

static uint64_t state = 0x853C49E6748FEA9Bu;

static size_t draw(size_t below) {
  return (size_t)(next_random(&state) % below);
}

/* What is mostly digits, and after it what does not belong to the text. */
typedef struct sample {
  char bytes[32];
  size_t size;
} sample;

static void add(sample *out, size_t count) {
  for (size_t i = 0; i < count; i++) out->bytes[out->size++] = (char)('0' + draw(10));
}

static sample draw_sample(size_t most, bool zeros_first) {
  sample out = {.size = 0};
  if (zeros_first) {
    for (size_t zeros = draw(3); zeros > 0 && out.size < most; zeros--) out.bytes[out.size++] = '0';
  }
  add(&out, draw(most + 1 - out.size));
  if (out.size && draw(40) == 0) out.bytes[draw(out.size)] = (char)draw(256);
  if (out.size && draw(80) == 0) out.bytes[draw(out.size)] = (char)('0' - 1 + 11 * (int)draw(2)); /* next to the digits */
  for (size_t i = out.size; i < sizeof out.bytes; i++) out.bytes[i] = draw(2) ? (char)('0' + draw(10)) : (char)draw(256);
  return out;
}

static bool all_digits(const char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (!tl_is_digit(bytes[i])) return false;
  }
  return true;
}

static bool is_whole(const sample *it) {
  return it->size >= 1 && it->size <= 8 && all_digits(it->bytes, it->size) && (it->size == 1 || it->bytes[0] != '0');
}

static void put(tl_digits *digits, size_t i, const sample *it) {
  digits->words[i] = tl_load64(it->bytes);
  digits->sizes[i] = it->size;
}

static void check_integers(void) {
  tl_digits digits;
  sample samples[TL_DIGITS_AT_ONCE];
  int64_t values[TL_DIGITS_AT_ONCE], expected;
  uint64_t refused[TL_DIGITS_AT_ONCE];
  bool any = false;
  size_t most = 1 + draw(10);
  for (size_t i = 0; i < TL_DIGITS_AT_ONCE; i++) {
    samples[i] = draw_sample(most, draw(8) == 0);
    put(&digits, i, &samples[i]);
  }
  bool told = tl_digits_best()->integers(&digits, values, refused);
  for (size_t i = 0; i < TL_DIGITS_AT_ONCE; i++) {
    any |= refused[i] != 0;
    CHECK(refused[i] == (is_whole(&samples[i]) ? 0 : UINT64_MAX));
    if (refused[i]) continue;
    CHECK(tl_number_quick_integer(tl_text(samples[i].bytes, samples[i].size), &expected) && values[i] == expected);
  }
  CHECK(any == told);
}

static void check_numbers(void) {
  tl_digits whole, fraction;
  sample samples[TL_DIGITS_AT_ONCE][2];
  double values[TL_DIGITS_AT_ONCE], expected;
  uint64_t refused[TL_DIGITS_AT_ONCE];
  bool any = false;
  size_t most[2] = {1 + draw(10), draw(10)};
  for (size_t i = 0; i < TL_DIGITS_AT_ONCE; i++) {
    samples[i][0] = draw_sample(most[0], draw(8) == 0);
    samples[i][1] = draw_sample(most[1], most[1] > 2 && draw(2));
    put(&whole, i, &samples[i][0]);
    put(&fraction, i, &samples[i][1]);
  }
  bool told = tl_digits_best()->numbers(&whole, &fraction, values, refused);
  for (size_t i = 0; i < TL_DIGITS_AT_ONCE; i++) {
    const sample *w = &samples[i][0], *f = &samples[i][1];
    any |= refused[i] != 0;
    bool fits = is_whole(w) && f->size <= 8 && w->size + f->size <= 15 && all_digits(f->bytes, f->size);
    CHECK(refused[i] == (fits ? 0 : UINT64_MAX));
    if (refused[i]) continue;
    char text[40];
    int size = snprintf(text, sizeof text, "%.*s%s%.*s", (int)w->size, w->bytes, f->size ? "." : "", (int)f->size, f->bytes);
    CHECK(tl_number_read(tl_text(text, (size_t)size), '.', &expected) && memcmp(&values[i], &expected, sizeof expected) == 0);
  }
  CHECK(any == told);
}

int main(void) {
  static const char *const levels[] = {"portable", "neon", "avx2", "avx512"};
  const char *before = tally_kernel();
  for (size_t level = 0; level < sizeof levels / sizeof *levels; level++) {
    if (!tally_set_kernel(levels[level])) continue;
    for (int i = 0; i < 400; i++) {
      check_integers();
      check_numbers();
    }
  }
  tally_set_kernel(before);
  return finish();
}
