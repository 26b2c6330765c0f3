/* ingest/json_plain: most records of a file hold nothing but short texts and numbers under the keys of the record before. jansson
 * takes five times as long for one as all the rest of the reader, so such records are taken apart here, in one walk over their
 * bytes. The walk does not judge: where something is not as plain as it may be, it gives up and the record goes to jansson, which
 * alone says what is JSON, what an escape stands for and what is wrong. */
#include "ingest/json_plain.h"

#include "base/number.h"
#include "ingest/json_parse.h"

enum { DEPTH_MOST = 8, DIGITS_MOST = 18 };

/* A walk over a record. `at` is never past `end`, and each step fails where the record is not plain. */
typedef struct walk {
  const char *at, *end;
  uint64_t number;    /* of walks before */
  tl_json_kept *next; /* where the next value is kept; there is room for one of each place */
} walk;

static bool is_next(const walk *w, char c) {
  return w->at < w->end && *w->at == c;
}

static bool take(walk *w, char c) {
  if (!is_next(w, c)) return false;
  w->at++;
  return true;
}

static void skip_blanks(walk *w) {
  while (w->at < w->end && tl_json_is_blank(*w->at)) w->at++;
}

static bool take_bytes(walk *w, tally_text bytes) {
  if ((size_t)(w->end - w->at) < bytes.size || memcmp(w->at, bytes.bytes, bytes.size) != 0) return false;
  w->at += bytes.size;
  return true;
}

/* ---- texts ---- */

/* Eight bytes, the first in the lowest place. */
static uint64_t load_word(const char *from) {
  uint64_t word;
  memcpy(&word, from, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word;
}

#define EACH(byte) ((uint64_t)(byte)*0x0101010101010101u)

/* The upper bit of each byte that is a quote, a backslash or a control character; above the first such byte also of others. */
static uint64_t find_stops(uint64_t word) {
  uint64_t quote = word ^ EACH('"'), backslash = word ^ EACH('\\');
  return (((quote - EACH(1)) & ~quote) | ((backslash - EACH(1)) & ~backslash) | ((word - EACH(0x20)) & ~word)) & EACH(0x80);
}

size_t tl_json_plain_size(tally_text text, bool *beyond_ascii) {
  const char *at = text.bytes, *end = text.bytes + text.size;
  uint64_t upper = 0;
  for (; end - at >= 8; at += 8) {
    uint64_t word = load_word(at), stops = find_stops(word);
    if (stops == 0) {
      upper |= word;
      continue;
    }
    int before = __builtin_ctzll(stops) & ~7;
    *beyond_ascii = ((upper | (word & ((UINT64_C(1) << before) - 1))) & EACH(0x80)) != 0;
    return (size_t)(at - text.bytes) + (size_t)before / 8;
  }
  for (; at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20; at++) upper |= (unsigned char)*at;
  *beyond_ascii = (upper & EACH(0x80)) != 0;
  return (size_t)(at - text.bytes);
}

static bool take_text(walk *w, tally_text *out) {
  bool beyond_ascii;
  if (!take(w, '"')) return false;
  *out = tl_text(w->at, tl_json_plain_size(tl_text(w->at, (size_t)(w->end - w->at)), &beyond_ascii));
  w->at += out->size;
  return take(w, '"') && (!beyond_ascii || tl_text_valid_utf8(*out) == out->size);
}

/* ---- numbers ---- */

static tally_text take_digits(walk *w) {
  const char *start = w->at;
  while (w->at < w->end && *w->at >= '0' && *w->at <= '9') w->at++;
  return tl_text(start, (size_t)(w->at - start));
}

static int64_t small_integer(tally_text digits) {
  int64_t value = 0;
  for (size_t i = 0; i < digits.size; i++) value = value * 10 + (digits.bytes[i] - '0');
  return value;
}

static bool take_fraction(walk *w, tl_numeral *numeral) {
  if (!take(w, '.')) return true;
  numeral->fraction = take_digits(w);
  return numeral->fraction.size > 0;
}

static bool take_exponent(walk *w, tl_numeral *numeral) {
  if (!take(w, 'e') && !take(w, 'E')) return true;
  bool negative = take(w, '-');
  if (!negative) take(w, '+');
  tally_text digits = take_digits(w);
  if (digits.size == 0 || digits.size > 4) return false;
  numeral->exponent = (int)(negative ? -small_integer(digits) : small_integer(digits));
  numeral->has_exponent = true;
  return true;
}

static bool take_number(walk *w, tally_value *out) {
  tl_numeral numeral = {.negative = take(w, '-')};
  numeral.whole = take_digits(w);
  bool padded = numeral.whole.size > 1 && *numeral.whole.bytes == '0';
  if (numeral.whole.size == 0 || padded || !take_fraction(w, &numeral) || !take_exponent(w, &numeral)) return false;
  out->type = TALLY_NUMBER;
  if (!tl_numeral_is_whole(&numeral)) return tl_numeral_number(&numeral, &out->number);
  if (numeral.whole.size > DIGITS_MOST) return false;
  int64_t integer = small_integer(numeral.whole);
  *out = (tally_value){.type = TALLY_INTEGER, .integer = numeral.negative ? -integer : integer};
  return true;
}

/* ---- values ---- */

static bool take_value(walk *w, tally_value *out) {
  *out = (tally_value){.type = TALLY_MISSING};
  if (w->at >= w->end) return false;
  switch (*w->at) {
    case '"':
      out->type = TALLY_TEXT;
      return take_text(w, &out->text);
    case 't':
    case 'f':
      *out = (tally_value){.type = TALLY_BOOLEAN, .boolean = *w->at == 't'};
      return take_bytes(w, tl_text_of(out->boolean ? "true" : "false"));
    case 'n':
      return take_bytes(w, tl_text_of("null"));
    default:
      return take_number(w, out);
  }
}

/* Values are kept until the record is known to be plain. */
static void keep(walk *w, tl_json_place *place, tally_value value) {
  *w->next++ = (tl_json_kept){place, value};
}

/* ---- members ---- */

/* The place whose key stands here; probably the one with the code `guess`. */
static tl_json_place *take_key(walk *w, const tl_json_place *at, uint32_t guess) {
  if (guess < at->keys.size) {
    tl_json_place *likely = at->members[guess];
    if (!likely->escaped && take_bytes(w, likely->quoted)) return likely;
  }
  tally_text key;
  return take_text(w, &key) ? tl_json_shape_find(at, key, guess) : NULL;
}

static bool take_members(walk *w, tl_json_place *at, int depth);

/* A key that is met for the first time, or again in the same record, is for jansson. */
static bool take_member(walk *w, tl_json_place *at, uint32_t *guess, int depth) {
  tl_json_place *member = take_key(w, at, *guess);
  if (!member || member->met == w->number) return false;
  member->met = w->number;
  *guess = member->code + 1;
  skip_blanks(w);
  if (!take(w, ':')) return false;
  skip_blanks(w);
  if (is_next(w, '{')) return !member->whole && depth < DEPTH_MOST && take_members(w, member, depth + 1);
  tally_value value;
  if (!take_value(w, &value)) return false;
  keep(w, member, value);
  return true;
}

static bool take_members(walk *w, tl_json_place *at, int depth) {
  uint32_t guess = 0;
  if (!take(w, '{')) return false;
  skip_blanks(w);
  if (take(w, '}')) {
    if (at->parent) keep(w, at, (tally_value){.type = TALLY_MISSING});
    return true;
  }
  do {
    skip_blanks(w);
    if (!take_member(w, at, &guess, depth)) return false;
    skip_blanks(w);
  } while (take(w, ','));
  return take(w, '}');
}

tally_status tl_json_plain_take(tl_json_part *part, tally_text text, size_t *size, bool *plain, tally_error *error) {
  *plain = false;
  if (part->shape.count == 0) return TALLY_OK;
  TL_TRY(tl_mem_reserve((void **)&part->kept, &part->kept_capacity, part->shape.count, sizeof *part->kept, error));
  walk w = {.at = text.bytes, .end = text.bytes + text.size, .number = ++part->walks, .next = part->kept};
  *plain = take_members(&w, part->shape.places[0], 0);
  *size = (size_t)(w.at - text.bytes);
  part->kept_count = (size_t)(w.next - part->kept);
  return TALLY_OK;
}

tally_status tl_json_plain_add(tl_json_part *part, tl_json_spot spot, tally_error *error) {
  for (size_t i = 0; i < part->kept_count; i++) TL_TRY(tl_json_part_put(part, part->kept[i].place, part->kept[i].value, error));
  return tl_json_part_end_row(part, spot, error);
}
