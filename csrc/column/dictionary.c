/* column/dictionary: an open-addressed table of codes over texts laid end to end. The upper half of each hash is kept beside the
 * text, so that growing and most comparisons do not touch the bytes. */
#include "column/dictionary.h"

/* A column can be made from the dictionary while it is empty, too: offsets[0] exists from the first use on. */
static tally_status start(tl_dictionary *d, tally_error *error) {
  if (d->offsets) return TALLY_OK;
  TL_TRY(tl_mem_reserve((void **)&d->offsets, &d->offset_capacity, 1, sizeof *d->offsets, error));
  d->offsets[0] = 0;
  return TALLY_OK;
}

static size_t slot_of(const tl_dictionary *d, uint32_t hash) {
  return hash & (d->slot_count - 1);
}

/* The slot that holds `text`, or the free one where it belongs. */
static size_t probe(const tl_dictionary *d, tally_text text, uint32_t hash) {
  size_t slot = slot_of(d, hash);
  for (;; slot = (slot + 1) & (d->slot_count - 1)) {
    uint32_t code = d->slots[slot];
    if (code == 0) return slot;
    if (d->hashes[code - 1] == hash && tl_text_equal(tl_dictionary_text(d, code - 1), text)) return slot;
  }
}

static uint32_t hash_of(tally_text text) {
  return (uint32_t)(tl_text_hash(text) >> 16);
}

static tally_status grow(tl_dictionary *d, tally_error *error) {
  if (((size_t)d->size + 1) * 2 <= d->slot_count) return TALLY_OK;
  size_t count = d->slot_count ? d->slot_count * 2 : 32;
  uint32_t *slots = tl_mem_zero(count, sizeof *slots);
  if (!slots) return tl_no_memory(error);
  tl_mem_free(d->slots);
  d->slots = slots;
  d->slot_count = count;
  for (uint32_t code = 0; code < d->size; code++) {
    size_t slot = slot_of(d, d->hashes[code]);
    while (slots[slot]) slot = (slot + 1) & (count - 1);
    slots[slot] = code + 1;
  }
  return TALLY_OK;
}

static tally_status reserve_one(tl_dictionary *d, tally_text text, tally_error *error) {
  if (d->size >= TL_NO_CODE - 1) return tl_fail(error, TALLY_ERANGE, "more than 4,294,967,294 distinct texts in one column");
  TL_TRY(start(d, error));
  TL_TRY(tl_mem_reserve((void **)&d->offsets, &d->offset_capacity, (size_t)d->size + 2, sizeof *d->offsets, error));
  TL_TRY(tl_mem_reserve((void **)&d->hashes, &d->hash_capacity, (size_t)d->size + 1, sizeof *d->hashes, error));
  size_t end = (size_t)d->offsets[d->size];
  if (text.size > (size_t)INT64_MAX - end) return tl_no_memory(error);
  TL_TRY(tl_mem_reserve((void **)&d->bytes, &d->byte_capacity, end + text.size, 1, error));
  return grow(d, error);
}

tally_status tl_dictionary_add(tl_dictionary *d, tally_text text, uint32_t *code, tally_error *error) {
  uint32_t hash = hash_of(text);
  if (d->slot_count) {
    uint32_t found = d->slots[probe(d, text, hash)];
    if (found) {
      *code = found - 1;
      return TALLY_OK;
    }
  }
  TL_TRY(reserve_one(d, text, error));
  int64_t end = d->offsets[d->size];
  if (text.size) memcpy(d->bytes + end, text.bytes, text.size);
  d->offsets[d->size + 1] = end + (int64_t)text.size;
  d->hashes[d->size] = hash;
  *code = d->size++;
  d->slots[probe(d, text, hash)] = *code + 1;
  return TALLY_OK;
}

uint32_t tl_dictionary_find(const tl_dictionary *d, tally_text text) {
  if (d->slot_count == 0) return TL_NO_CODE;
  uint32_t found = d->slots[probe(d, text, hash_of(text))];
  return found ? found - 1 : TL_NO_CODE;
}

tally_status tl_dictionary_add_all(tl_dictionary *d, const tally_column *values, tally_error *error) {
  for (int64_t i = 0; i < values->length; i++) {
    uint32_t code;
    TL_TRY(tl_dictionary_add(d, tl_plain_text(values, i), &code, error));
  }
  return TALLY_OK;
}

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
  tl_mem_free(d->slots);
  tl_mem_free(d->hashes);
  *d = (tl_dictionary)TL_DICTIONARY;
}
