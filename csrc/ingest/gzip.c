/* ingest/gzip: zlib does the work, with memory from base/mem. A file may be several members one after another, and zeros may follow
 * the last (tapes and some archives leave them); anything else that follows is an error, and so is an end before the end. A small
 * file that unpacks to hundreds of times its size is no table but a trap: it is refused before it fills the memory. */
#include "ingest/gzip.h"

#include "base/pool.h"

enum { ROOM = 1 << 20, PUT_AT_ONCE = 1 << 30 };
enum { TRAP_LEAST = 256 << 20, TRAP_TIMES = 250 };

bool tl_gzip_starts(tally_text head) {
  return head.size >= 2 && memcmp(head.bytes, "\x1F\x8B", 2) == 0;
}

/* ---- what zlib calls ---- */

static void *obtain(void *context, uInt count, uInt each) {
  (void)context;
  return tl_mem_new(count, each);
}

static void give_back(void *context, void *block) {
  (void)context;
  tl_mem_free(block);
}

/* ---- errors ---- */

static tally_status damaged(const tl_gzip *g, const char *how, tally_error *error) {
  return tl_fail_at(error, TALLY_ESYNTAX, g->name, 0, 0, "is gzip, but damaged (%s): fetch it again", how);
}

static tally_status check_size(const tl_gzip *g, tally_error *error) {
  if (g->size <= TRAP_LEAST || g->size / TRAP_TIMES <= g->packed) return TALLY_OK;
  return tl_fail_at(
      error, TALLY_ESYNTAX, g->name, 0, 0,
      "is gzip, and unpacks to more than %d times its size, as no table does: unpack it with gunzip to see what it is", TRAP_TIMES);
}

/* ---- members ---- */

/* Before a member: passes over zeros, then begins the member. */
static tally_status begin_member(tl_gzip *g, tally_error *error) {
  z_stream *z = &g->stream;
  bool first = g->packed == 0;
  for (; !first && z->avail_in > 0 && *z->next_in == 0; z->avail_in--, z->next_in++) g->padded = true;
  if (z->avail_in == 0) return TALLY_OK;
  if (g->padded || (!first && *z->next_in != 0x1F)) return damaged(g, "other bytes follow it", error);
  g->within = true;
  return inflateReset(z) == Z_OK ? TALLY_OK : tl_no_memory(error);
}

static tally_status inflate_some(tl_gzip *g, tally_error *error) {
  z_stream *z = &g->stream;
  TL_TRY(tl_pool_check(error));
  TL_TRY(tl_mem_reserve((void **)&g->bytes, &g->capacity, g->size + ROOM, 1, error));
  z->next_out = (unsigned char *)g->bytes + g->size;
  z->avail_out = ROOM;
  uInt before = z->avail_in;
  int result = inflate(z, Z_NO_FLUSH);
  g->size += ROOM - z->avail_out;
  g->packed += before - z->avail_in;
  if (result == Z_STREAM_END) g->within = false;
  if (result == Z_MEM_ERROR) return tl_no_memory(error);
  bool good = result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR;
  return good ? check_size(g, error) : damaged(g, z->msg ? z->msg : "its data make no sense", error);
}

/* With room left over after the last byte, zlib has nothing more to give. */
static bool has_more(const z_stream *z) {
  return z->avail_in > 0 || z->avail_out == 0;
}

static tally_status put_at_once(tl_gzip *g, tally_text piece, tally_error *error) {
  z_stream *z = &g->stream;
  z->next_in = (unsigned char *)piece.bytes;
  z->avail_in = (uInt)piece.size;
  z->avail_out = 1;
  while (has_more(z)) {
    if (!g->within) TL_TRY(begin_member(g, error));
    if (!g->within) break;
    TL_TRY(inflate_some(g, error));
  }
  return TALLY_OK;
}

/* ---- together ---- */

tally_status tl_gzip_start(tl_gzip *g, const char *name, tally_error *error) {
  enum { LARGEST_WINDOW = 15, GZIP_ONLY = 16 };
  *g = (tl_gzip){.name = name, .stream = {.zalloc = obtain, .zfree = give_back}};
  g->begun = inflateInit2(&g->stream, LARGEST_WINDOW + GZIP_ONLY) == Z_OK;
  return g->begun ? TALLY_OK : tl_no_memory(error);
}

tally_status tl_gzip_put(tl_gzip *g, tally_text piece, tally_error *error) {
  for (size_t done = 0, now; done < piece.size; done += now) {
    now = piece.size - done < PUT_AT_ONCE ? piece.size - done : PUT_AT_ONCE;
    TL_TRY(put_at_once(g, tl_text(piece.bytes + done, now), error));
  }
  return TALLY_OK;
}

tally_status tl_gzip_end(const tl_gzip *g, tally_error *error) {
  if (!g->within) return TALLY_OK;
  return tl_fail_at(error, TALLY_ESYNTAX, g->name, 0, 0, "is gzip, but cut off before its end: fetch it again");
}

void tl_gzip_done(tl_gzip *g) {
  if (g->begun) inflateEnd(&g->stream);
  tl_mem_free(g->bytes);
  *g = (tl_gzip){0};
}
