/* base/digits_level: the arithmetic of base/digits for one level. Included once for each, with LEVEL(name), the name as that level
 * has it, LANES, how many numbers are read at once, and ATTRIBUTES, what the compiler may use. */

#define lanes LEVEL(lanes)
#define number_lanes LEVEL(number_lanes)
#define ALWAYS_INLINE ATTRIBUTES static inline __attribute__((always_inline))

typedef uint64_t lanes __attribute__((vector_size(8 * LANES)));
typedef double number_lanes __attribute__((vector_size(8 * LANES)));

ALWAYS_INLINE lanes LEVEL(load)(const uint64_t *from) {
  lanes v;
  memcpy(&v, from, sizeof v);
  return v;
}

/* The first byte in memory becomes the lowest. */
ALWAYS_INLINE lanes LEVEL(load_words)(const uint64_t *from) {
  lanes v = LEVEL(load)(from);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  for (int i = 0; i < LANES; i++) v[i] = __builtin_bswap64(v[i]);
#endif
  return v;
}

/* The value of `size` digits, up to 8 of them: pairs, fours, eight. *bad: where there is another byte among them. */
ALWAYS_INLINE lanes LEVEL(value_of)(lanes words, lanes size, lanes *bad) {
  lanes v = (words ^ 0x3030303030303030u) << ((64 - 8 * size) & 63);
  v &= (lanes)(size != 0);
  *bad |= ((v + 0x7676767676767676u) | v) & 0x8080808080808080u;
  v = v * 10 + (v >> 8);
  return ((v & 0x000000FF000000FFu) * 0x000F424000000064u + (v >> 16 & 0x000000FF000000FFu) * 0x0000271000000001u) >> 32;
}

ALWAYS_INLINE lanes LEVEL(whole_value)(const tl_digits *digits, int at, lanes *bad) {
  lanes words = LEVEL(load_words)(digits->words + at), size = LEVEL(load)(digits->sizes + at);
  *bad |= (lanes)(size - 1 > 7) | ((lanes)((words & 0xFF) == '0') & (lanes)(size > 1));
  return LEVEL(value_of)(words, size, bad);
}

/* Of values below 2^52. */
ALWAYS_INLINE number_lanes LEVEL(to_numbers)(lanes values) {
  return (number_lanes)(values | 0x4330000000000000u) - 0x1p52;
}

/* Ten to the power of 0 to 8. */
ALWAYS_INLINE number_lanes LEVEL(power_of_ten)(lanes n) {
  return LEVEL(to_numbers)(((n & 1) * 9 + 1) * ((n >> 1 & 1) * 99 + 1) * ((n >> 2 & 1) * 9999 + 1) * ((n >> 3 & 1) * 99999999 + 1));
}

/* Whole and fraction as one integer, which a double holds, divided by a power of ten, which it holds too: so it is the nearest. */
ALWAYS_INLINE number_lanes LEVEL(number_value)(const tl_digits *whole, const tl_digits *fraction, int at, lanes *bad) {
  lanes size = LEVEL(load)(fraction->sizes + at);
  *bad |= (lanes)(size > 8) | (lanes)(size + LEVEL(load)(whole->sizes + at) > 15);
  number_lanes power = LEVEL(power_of_ten)(size), before = LEVEL(to_numbers)(LEVEL(whole_value)(whole, at, bad));
  number_lanes after = LEVEL(to_numbers)(LEVEL(value_of)(LEVEL(load_words)(fraction->words + at), size, bad));
  return (before * power + after) / power;
}

ALWAYS_INLINE lanes LEVEL(note_refused)(lanes bad, uint64_t *refused) {
  bad = (lanes)(bad != 0);
  memcpy(refused, &bad, sizeof bad);
  return bad;
}

ALWAYS_INLINE bool LEVEL(any_of)(lanes bad) {
  uint64_t any = 0;
  for (int i = 0; i < LANES; i++) any |= bad[i];
  return any != 0;
}

ATTRIBUTES static bool LEVEL(integers)(const tl_digits *digits, int64_t *values, uint64_t *refused) {
  lanes any = {0};
  for (int at = 0; at < TL_DIGITS_AT_ONCE; at += LANES) {
    lanes bad = {0}, v = LEVEL(whole_value)(digits, at, &bad);
    memcpy(values + at, &v, sizeof v);
    any |= LEVEL(note_refused)(bad, refused + at);
  }
  return LEVEL(any_of)(any);
}

ATTRIBUTES static bool LEVEL(numbers)(const tl_digits *whole, const tl_digits *fraction, double *values, uint64_t *refused) {
  lanes any = {0};
  for (int at = 0; at < TL_DIGITS_AT_ONCE; at += LANES) {
    lanes bad = {0};
    number_lanes v = LEVEL(number_value)(whole, fraction, at, &bad);
    memcpy(values + at, &v, sizeof v);
    any |= LEVEL(note_refused)(bad, refused + at);
  }
  return LEVEL(any_of)(any);
}

#undef lanes
#undef number_lanes
#undef ALWAYS_INLINE
#undef LEVEL
#undef LANES
#undef ATTRIBUTES
