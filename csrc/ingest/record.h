/* ingest/record: what both CSV readers give, and what they are told. One record at a time goes to a visitor; so all that happens to
 * a record afterwards is the same, whoever read it. */
#ifndef TL_INGEST_RECORD_H
#define TL_INGEST_RECORD_H

#include "base/status.h"
#include "base/text.h"

typedef struct tl_dialect {
  char separator;
  char quote;   /* 0: none */
  char comment; /* a record that starts with it is passed over; 0: none */
  bool trim;    /* blanks before an opening and after a closing quote are not text after it */
  size_t least; /* fields a record should have, at least and at most; 0: not known. A record of several lines that has */
  size_t most;  /* fewer or more shows that a quote was left open. */
} tl_dialect;

typedef struct tl_field {
  tally_text text; /* without its quotes, doubled quotes made single */
  bool quoted;     /* of an empty field always known; of others not by every reader */
} tl_field;

typedef enum tl_flaw { TL_FLAW_NONE = 0, TL_FLAW_STRAY_QUOTE, TL_FLAW_AFTER_QUOTE, TL_FLAW_UNCLOSED_QUOTE } tl_flaw;

typedef struct tl_record {
  const tl_field *fields; /* at least one */
  size_t count;
  tally_text raw;               /* the bytes of the record, without its line end */
  int64_t byte, line;           /* of its start: from 0, from 1 */
  int64_t next_byte, next_line; /* of what follows */
  tl_flaw flaw;                 /* of the quoting, contained in this record */
  size_t flaw_at;               /* in `raw` */
  bool open_to_end;             /* no quote below closes the one at `flaw_at` */
} tl_record;

/* Fields are borrowed until the visitor returns. Setting *enough ends the reading. */
typedef tally_status (*tl_record_visit)(void *context, const tl_record *record, bool *enough, tally_error *error);

/* A line that holds nothing but blanks. */
static inline bool tl_record_is_blank(const tl_record *record) {
  return record->count == 1 && tl_text_trim(record->raw).size == 0;
}

#endif
