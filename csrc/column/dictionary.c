/* column/dictionary: an open-addressed table of codes over texts laid end to end. Beside each text stand two words, its head: of a
 * short text they are the text itself, so that finding it takes no look at its bytes. Beside each code in the table stand 32 bits
 * of the hash, so that most other texts are passed over without a look at all, and the table grows without hashing again. */
#include "column/dictionary.h"

/* ---- heads ---- */

enum { SHORT_MOST = 15 };

/* Where the first word of a long text would be. No text in UTF-8 has such bytes. */
#define LONG_TEXT UINT64_MAX

/* The words of a short text are its bytes, filled up with zeros, and its size in the last byte. */
static inline tl_dictionary_head head_of_words(uint64_t first, uint64_t second, size_t size) {
  return (tl_dictionary_head){first, second | (uint64_t)size << 56};
}

static tl_dictionary_head head_of(tally_text text) {
  uint64_t words[2] = {0, 0};
  if (text.size > SHORT_MOST) return (tl_dictionary_head){LONG_TEXT, text.size};
  if (text.size) memcpy(words, text.bytes, text.size);
  return head_of_words(words[0], words[1], text.size);
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FIRST_BYTES(count) ((count) >= 8 ? UINT64_MAX : ((uint64_t)1 << 8 * (count)) - 1)
#define WORD_MASKS(size) \
  { FIRST_BYTES(size), (size) < 8 ? 0 : FIRST_BYTES((size)-8) }

/* The same, when bytes after the text may be read. */
static inline tl_dictionary_head head_of_padded(tally_text text) {
  static const uint64_t masks[SHORT_MOST + 1][2] = {
      WORD_MASKS(0), WORD_MASKS(1), WORD_MASKS(2),  WORD_MASKS(3),  WORD_MASKS(4),  WORD_MASKS(5),  WORD_MASKS(6),  WORD_MASKS(7),
      WORD_MASKS(8), WORD_MASKS(9), WORD_MASKS(10), WORD_MASKS(11), WORD_MASKS(12), WORD_MASKS(13), WORD_MASKS(14), WORD_MASKS(15),
  };
  if (text.size > SHORT_MOST) return (tl_dictionary_head){LONG_TEXT, text.size};
  const uint64_t *mask = masks[text.size];
  return head_of_words(tl_load64(text.bytes) & mask[0], tl_load64(text.bytes + 8) & mask[1], text.size);
}
#else
static inline tl_dictionary_head head_of_padded(tally_text text) {
  return head_of(text);
}
#endif

/* Up to here two pairs of words, which may overlap, hold all of a long text. */
enum { MEDIUM_MOST = 32 };

static inline uint64_t hash_of_long(tally_text text, uint64_t seed) {
  if (text.size > MEDIUM_MOST) return tl_text_hash(text);
  const char *tail = text.bytes + text.size - 16;
  uint64_t hash = tl_hash_words(tl_load64(text.bytes), tl_load64(text.bytes + 8), seed);
  return tl_hash_words(tl_load64(tail) ^ hash, tl_load64(tail + 8) + text.size, seed);
}

static inline uint32_t hash_of(tally_text text, tl_dictionary_head head, uint64_t seed) {
  uint64_t hash = head.first == LONG_TEXT ? hash_of_long(text, seed) : tl_hash_words(head.first, head.second, seed);
  return (uint32_t)(hash >> 32);
}

/* Of two long texts of one size. */
static inline bool same_long(const char *a, const char *b, size_t size) {
  if (size > MEDIUM_MOST) return memcmp(a, b, size) == 0;
  uint64_t other = (tl_load64(a) ^ tl_load64(b)) | (tl_load64(a + 8) ^ tl_load64(b + 8));
  return (other | (tl_load64(a + size - 16) ^ tl_load64(b + size - 16)) | (tl_load64(a + size - 8) ^ tl_load64(b + size - 8))) == 0;
}

/* ---- slots ---- */

/* The slot that holds the text, or the free one where it belongs. */
static inline size_t probe(const tl_dictionary *d, tally_text text, tl_dictionary_head head, uint32_t hash) {
  size_t last = d->slot_count - 1, slot = hash & last;
  for (;; slot = (slot + 1) & last) {
    uint64_t found = d->slots[slot];
    if (found == 0) return slot;
    if ((uint32_t)(found >> 32) != hash) continue;
    uint32_t code = (uint32_t)found - 1;
    if (d->heads[code].first != head.first || d->heads[code].second != head.second) continue;
    if (head.first != LONG_TEXT || same_long(d->bytes + d->offsets[code], text.bytes, text.size)) return slot;
  }
}

/* Slots for each code. Where codes are few there are many, so that most texts are found at the first look. */
static size_t slots_for_each(size_t size) {
  enum { FEW = 256 };
  return size < FEW ? 8 : 2;
}

static tally_status grow(tl_dictionary *d, tally_error *error) {
  size_t size = (size_t)d->size + 1;
  if (size * slots_for_each(size) <= d->slot_count) return TALLY_OK;
  size_t count = d->slot_count ? d->slot_count * 2 : 32;
  uint64_t *slots = tl_mem_zero(count, sizeof *slots);
  if (!slots) return tl_no_memory(error);
  for (size_t i = 0; i < d->slot_count; i++) {
    if (d->slots[i] == 0) continue;
    size_t slot = (d->slots[i] >> 32) & (count - 1);
    while (slots[slot]) slot = (slot + 1) & (count - 1);
    slots[slot] = d->slots[i];
  }
  tl_mem_free(d->slots);
  d->slots = slots;
  d->slot_count = count;
  return TALLY_OK;
}

/* ---- adding ---- */

/* A column can be made from the dictionary while it is empty, too: offsets[0] exists from the first use on. */
static tally_status start(tl_dictionary *d, tally_error *error) {
  if (d->offsets) return TALLY_OK;
  TL_TRY(tl_mem_reserve((void **)&d->offsets, &d->offset_capacity, 1, sizeof *d->offsets, error));
  d->offsets[0] = 0;
  return TALLY_OK;
}

static tally_status reserve_one(tl_dictionary *d, tally_text text, tally_error *error) {
  if (d->size >= TL_NO_CODE - 1) return tl_fail(error, TALLY_ERANGE, "more than 4,294,967,294 distinct texts in one column");
  TL_TRY(start(d, error));
  TL_TRY(tl_mem_reserve((void **)&d->offsets, &d->offset_capacity, (size_t)d->size + 2, sizeof *d->offsets, error));
  TL_TRY(tl_mem_reserve((void **)&d->heads, &d->head_capacity, (size_t)d->size + 1, sizeof *d->heads, error));
  size_t end = (size_t)d->offsets[d->size];
  if (text.size > (size_t)INT64_MAX - TL_PADDING - end) return tl_no_memory(error);
  TL_TRY(tl_mem_reserve((void **)&d->bytes, &d->byte_capacity, end + text.size + TL_PADDING, 1, error));
  return grow(d, error);
}

static __attribute__((noinline)) tally_status add_new(tl_dictionary *d, tally_text text, tl_dictionary_head head, uint32_t hash,
                                                      uint32_t *code, tally_error *error) {
  TL_TRY(reserve_one(d, text, error));
  int64_t end = d->offsets[d->size];
  if (text.size) memcpy(d->bytes + end, text.bytes, text.size);
  d->offsets[d->size + 1] = end + (int64_t)text.size;
  d->heads[d->size] = head;
  *code = d->size++;
  d->slots[probe(d, text, head, hash)] = (uint64_t)hash << 32 | (*code + 1);
  return TALLY_OK;
}

static inline tally_status add(tl_dictionary *d, tally_text text, tl_dictionary_head head, uint32_t hash, uint32_t *code,
                               tally_error *error) {
  uint64_t found = d->slot_count ? d->slots[probe(d, text, head, hash)] : 0;
  *code = (uint32_t)found - 1;
  return __builtin_expect(found != 0, 1) ? TALLY_OK : add_new(d, text, head, hash, code, error);
}

tally_status tl_dictionary_add(tl_dictionary *d, tally_text text, uint32_t *code, tally_error *error) {
  tl_dictionary_head head = head_of(text);
  return add(d, text, head, hash_of(text, head, tl_hash_seed()), code, error);
}

/* Into a table that fits the nearest cache: one after another. */
static tally_status add_near(tl_dictionary *d, const tally_text *texts, size_t count, uint32_t *codes, uint64_t seed,
                             tally_error *error) {
  for (size_t i = 0; i < count; i++) {
    codes[i] = 0;
    if (!texts[i].bytes) continue;
    tl_dictionary_head head = head_of_padded(texts[i]);
    TL_TRY(add(d, texts[i], head, hash_of(texts[i], head, seed), &codes[i], error));
  }
  return TALLY_OK;
}

enum { AT_ONCE = 128, SLOTS_NEAR = 2048 };

/* Into a large table, in three steps, so that what a step looks at is on its way to the cache since the step before: hashes, slots,
 * heads. */
static tally_status add_far(tl_dictionary *d, const tally_text *texts, size_t count, uint32_t *codes, uint64_t seed,
                            tally_error *error) {
  tl_dictionary_head heads[AT_ONCE];
  uint32_t hashes[AT_ONCE];
  size_t last = d->slot_count - 1;
  for (size_t i = 0; i < count; i++) {
    if (!texts[i].bytes) continue;
    heads[i] = head_of_padded(texts[i]);
    hashes[i] = hash_of(texts[i], heads[i], seed);
    __builtin_prefetch(&d->slots[hashes[i] & last]);
  }
  for (size_t i = 0; i < count; i++) {
    if (texts[i].bytes) __builtin_prefetch(&d->heads[(uint32_t)d->slots[hashes[i] & last] - 1]);
  }
  for (size_t i = 0; i < count; i++) {
    codes[i] = 0;
    if (texts[i].bytes) TL_TRY(add(d, texts[i], heads[i], hashes[i], &codes[i], error));
  }
  return TALLY_OK;
}

tally_status tl_dictionary_add_batch(tl_dictionary *d, const tally_text *texts, size_t count, uint32_t *codes, tally_error *error) {
  uint64_t seed = tl_hash_seed();
  for (size_t done = 0; done < count; done += AT_ONCE) {
    size_t now = count - done < AT_ONCE ? count - done : AT_ONCE;
    bool near = d->slot_count <= SLOTS_NEAR;
    TL_TRY((near ? add_near : add_far)(d, texts + done, now, codes + done, seed, error));
  }
  return TALLY_OK;
}

uint32_t tl_dictionary_find(const tl_dictionary *d, tally_text text) {
  if (d->slot_count == 0) return TL_NO_CODE;
  tl_dictionary_head head = head_of(text);
  uint64_t found = d->slots[probe(d, text, head, hash_of(text, head, tl_hash_seed()))];
  return found ? (uint32_t)found - 1 : TL_NO_CODE;
}

tally_status tl_dictionary_add_all(tl_dictionary *d, const tally_column *values, tally_error *error) {
  for (int64_t i = 0; i < values->length; i++) {
    uint32_t code;
    TL_TRY(tl_dictionary_add(d, tl_plain_text(values, i), &code, error));
  }
  return TALLY_OK;
}

/* ---- out and away ---- */

tally_status tl_dictionary_column(const tl_dictionary *d, tally_column **out, tally_error *error) {
  size_t bytes = d->size ? (size_t)d->offsets[d->size] : 0;
  tl_parts parts = {.type = TALLY_TEXT, .length = d->size};
  parts.values = tl_buffer_zero(((size_t)d->size + 1) * sizeof *d->offsets);
  parts.bytes = tl_buffer_new(bytes);
  if (!parts.values || !parts.bytes) {
    tl_parts_drop(&parts);
    return tl_no_memory(error);
  }
  if (d->size) memcpy(parts.values->bytes, d->offsets, ((size_t)d->size + 1) * sizeof *d->offsets);
  if (bytes) memcpy(parts.bytes->bytes, d->bytes, bytes);
  return tl_column_new(parts, out, error);
}

void tl_dictionary_done(tl_dictionary *d) {
  tl_mem_free(d->offsets);
  tl_mem_free(d->bytes);
  tl_mem_free(d->heads);
  tl_mem_free(d->slots);
  *d = (tl_dictionary)TL_DICTIONARY;
}
