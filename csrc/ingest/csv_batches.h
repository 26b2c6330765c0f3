/* ingest/csv_batches: a CSV file whose rows are read when they are needed, batch by batch. */
#ifndef TL_INGEST_CSV_BATCHES_H
#define TL_INGEST_CSV_BATCHES_H

typedef struct tl_batches tl_batches;

void tl_batches_release(tl_batches *batches); /* NULL is allowed */

#endif
