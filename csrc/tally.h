/* tally.h: the public C interface of tally, a column engine for policy analysts.
 *
 * tally loads tables as they are published (CSV with preambles, byte-order marks, thousands separators and
 * suppression symbols; JSON), filters, derives, groups, joins and writes them, and never changes a value in
 * silence. The Lua module is an ordinary client of this header: whatever Lua can do, a C program can do.
 *
 * ---------------------------------------------------------------------------------------------------------
 * Read this first
 *
 *   Ownership is said in three fixed words, for each pointer argument:
 *     borrows         valid until the object it came from is released; you keep what you passed
 *     new reference   you release it
 *     takes           yours no longer, even when the call fails
 *
 *   Tables, columns and expressions are immutable and counted, and may be shared between threads. A builder, a
 *   program and a reading belong to one thread at a time.
 *
 *   Every call that can fail returns a tally_status, puts its result through the last pointer but one (set to
 *   NULL or left alone on failure) and says why through the last, a tally_error that the caller owns. It may be
 *   NULL. Nothing is printed, nothing aborts, no locale is consulted.
 *
 *   Text is UTF-8. Texts that come from a table are not NUL-terminated: use their size.
 *
 *   After fork() the child starts its own workers when it first needs them.
 *
 * The three calls that most programs need, in a whole program:
 *
 *     #include <stdio.h>
 *     #include "tally.h"
 *
 *     int main(void) {
 *       tally_error error = {0};
 *       tally_reading *reading;
 *       if (tally_read_csv(&(tally_input){.path = "students.csv"}, NULL, &reading, &error)) {
 *         char message[640];
 *         tally_error_message(&error, message, sizeof message);
 *         fprintf(stderr, "%s\n", message);
 *         return 1;
 *       }
 *       tally_table *by_level;
 *       const char *keys[] = {"level"};
 *       tally_aggregate n = {.name = "rows", .function = "count"};
 *       if (tally_table_aggregate(tally_reading_table(reading), keys, 1, &n, 1, &by_level, &error) == TALLY_OK) {
 *         tally_write_csv(by_level, &(tally_output){.descriptor = 1}, NULL, &error);
 *         tally_table_release(by_level);
 *       }
 *       tally_reading_release(reading);
 *     }
 */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TALLY_API __attribute__((visibility("default")))

/* The version as text, from the file VERSION. */
TALLY_API const char *tally_version(void);

/* =====================================================================================================
 * 1. Errors
 * ===================================================================================================== */

typedef enum tally_status {
  TALLY_OK = 0,
  TALLY_ENOMEM,  /* memory refused by the system or by tally_set_memory_limit */
  TALLY_EIO,     /* a file could not be opened, read or written */
  TALLY_ESYNTAX, /* malformed input: line and column say where */
  TALLY_ETYPE,   /* an operation on a type that does not have it */
  TALLY_ENAME,   /* no such column, function or aggregate */
  TALLY_ESHAPE,  /* lengths or numbers of things that should agree do not */
  TALLY_ERANGE,  /* a value that does not fit: an integer sum past 64 bits, a row number past the end */
  TALLY_ECANCEL  /* tally_cancel was called */
} tally_status;

/* What went wrong. Exactly 512 bytes, frozen for version 1. Zero it before first use; the first error wins:
 * a call given an error whose code is already set leaves it as it is. */
typedef struct tally_error {
  int32_t code; /* a tally_status */
  int32_t reserved;
  int64_t line;    /* in the input, from 1; 0 when the error is not about input */
  int64_t column;  /* in the line, in bytes from 1; 0 when not known */
  char where[104]; /* file or column concerned, cut on the left with "..."; may be empty */
  char text[384];  /* one lower-case sentence that names the culprit in quotes; NUL-terminated UTF-8 */
} tally_error;

/* The short name of a status: "memory", "io", "syntax", "type", "name", "shape", "range", "cancel"; "ok". */
TALLY_API const char *tally_status_name(tally_status status);

/* The whole message for a person, "students.csv:3:1: a quote is opened here and never closed": place, as far as it is known, and
 * text. Returns its size without the NUL; a message that does not fit is cut. 640 bytes always suffice. */
TALLY_API size_t tally_error_message(const tally_error *error, char *buffer, size_t size);

/* The one of `count` names that was probably meant by `name`: the nearest, when at most a third of the letters (or one) differ;
 * NULL when none is near. For messages: "did you mean". borrows; returns one of `names` */
TALLY_API const char *tally_nearest(const char *name, const char *const *names, size_t count);

/* =====================================================================================================
 * 2. Values and types
 * ===================================================================================================== */

typedef enum tally_type {
  TALLY_MISSING = 0, /* the type of a missing value without a column: the literal nil */
  TALLY_BOOLEAN,
  TALLY_INTEGER, /* 64-bit signed */
  TALLY_NUMBER,  /* double */
  TALLY_TEXT,    /* UTF-8 */
  TALLY_DATE     /* days since 1970-01-01, proleptic Gregorian, 32-bit signed */
} tally_type;

/* "missing", "boolean", "integer", "number", "text", "date". */
TALLY_API const char *tally_type_name(tally_type type);

typedef struct tally_text {
  const char *bytes; /* not NUL-terminated */
  size_t size;
} tally_text;

/* "2019-07-31", all digits there, of the years 0000 to 9999, as days since 1970-01-01; false for anything else. */
TALLY_API bool tally_date_read(tally_text text, int32_t *days);

/* One value. type TALLY_MISSING: no member of the union is set. A text borrows its bytes. */
typedef struct tally_value {
  tally_type type;
  union {
    bool boolean;
    int64_t integer;
    double number;
    tally_text text;
    int32_t date;
  };
} tally_value;

/* =====================================================================================================
 * 3. Columns and tables
 * ===================================================================================================== */

typedef struct tally_column tally_column; /* immutable, counted: tally_column_release */
typedef struct tally_table tally_table;   /* immutable, counted: tally_table_release */

TALLY_API tally_column *tally_column_retain(const tally_column *column); /* new reference; NULL gives NULL */
TALLY_API void tally_column_release(tally_column *column);               /* takes; NULL is allowed */
TALLY_API tally_type tally_column_type(const tally_column *column);
TALLY_API int64_t tally_column_length(const tally_column *column);
/* The number of missing values. */
TALLY_API int64_t tally_column_missing(const tally_column *column);
/* True for text held as codes into a dictionary of distinct values. */
TALLY_API bool tally_column_has_dictionary(const tally_column *column);
/* True when the order of the dictionary is a declared order (levels), by which groups and sorts go. */
TALLY_API bool tally_column_has_levels(const tally_column *column);
/* The dictionary, a plain text column without missing values (borrows), or NULL. It may hold values that no row uses. */
TALLY_API const tally_column *tally_column_dictionary(const tally_column *column);
/* Bytes of memory behind the column, shared buffers counted in full. */
TALLY_API size_t tally_column_bytes(const tally_column *column);
/* The value of row `row`, from 0. Rows outside the column are missing. A text is borrowed from the column. */
TALLY_API tally_value tally_column_value(const tally_column *column, int64_t row);
/* Why row `row` is missing: the published symbol ("[c]", "..", "*") as it stood in the file; size 0 when the value
 * is present or is missing without a reason. Borrowed from the column. */
TALLY_API tally_text tally_column_reason(const tally_column *column, int64_t row);
/* Words to look for: as whole values, and as the beginning of values. None of them empty. */
typedef struct tally_words {
  const char *const *whole;
  size_t count;
  const char *const *beginnings;
  size_t beginning_count;
} tally_words;

/* Whether a value, without blanks around it, is one of the words or begins with one, whatever the case of ASCII letters. Of text with a
 * dictionary the dictionary is searched, of which a value may be used by no row.
 * column, words  borrows
 * errors         TALLY_ETYPE (not text), TALLY_ECANCEL */
TALLY_API tally_status tally_column_holds(const tally_column *column, const tally_words *words, bool *out, tally_error *error);
/* Rows first .. first+count-1 without copying.
 * out     new reference
 * errors  TALLY_ERANGE (outside the column), TALLY_ENOMEM */
TALLY_API tally_status tally_column_slice(const tally_column *column, int64_t first, int64_t count, tally_column **out,
                                          tally_error *error);
/* The same text column with its groups in the declared order `levels`; a value that is not among them is an error.
 * out     new reference, dictionary text with tally_column_has_levels
 * errors  TALLY_ETYPE (not text), TALLY_ERANGE (a value is not among the levels, or a level is given twice), TALLY_ESYNTAX (a level
 *         is not UTF-8), TALLY_ENOMEM */
TALLY_API tally_status tally_column_with_levels(const tally_column *column, const tally_text *levels, size_t count,
                                                tally_column **out, tally_error *error);

/* ---- Building a column, value by value ---- */

typedef struct tally_builder tally_builder;

/* out  new reference, to be released with tally_builder_release whether or not it is finished */
TALLY_API tally_status tally_builder_new(tally_type type, tally_builder **out, tally_error *error);
TALLY_API void tally_builder_release(tally_builder *builder);
/* Adds one value, copied. An integer is accepted by a number builder, unless it would lose digits there, which is
 * TALLY_ERANGE; any other difference of type is TALLY_ETYPE. A missing value is accepted by all. Invalid UTF-8 in a text is
 * TALLY_ESYNTAX. */
TALLY_API tally_status tally_builder_append(tally_builder *builder, tally_value value, tally_error *error);
/* Adds a missing value with its published symbol (copied, valid UTF-8); size 0 for none. At most 255 different symbols. */
TALLY_API tally_status tally_builder_append_missing(tally_builder *builder, tally_text reason, tally_error *error);
/* The column built so far; the builder is empty again and may be used on.
 * out  new reference */
TALLY_API tally_status tally_builder_finish(tally_builder *builder, tally_column **out, tally_error *error);

/* ---- Tables: named columns of one length ---- */

/* names, columns  borrows (names are copied, columns are retained)
 * rows            the length of every column; says it for a table without columns
 * errors          TALLY_ESHAPE (lengths differ, or a name is used twice or empty), TALLY_ESYNTAX (a name is not UTF-8),
 *                 TALLY_ENOMEM */
TALLY_API tally_status tally_table_new(const char *const *names, tally_column *const *columns, size_t count, int64_t rows,
                                       tally_table **out, tally_error *error);
TALLY_API tally_table *tally_table_retain(const tally_table *table); /* new reference; NULL gives NULL */
TALLY_API void tally_table_release(tally_table *table);              /* takes; NULL is allowed */
TALLY_API int64_t tally_table_rows(const tally_table *table);
TALLY_API size_t tally_table_columns(const tally_table *table);
TALLY_API const char *tally_table_name(const tally_table *table, size_t index);             /* borrows; NULL past the end */
TALLY_API const tally_column *tally_table_column(const tally_table *table, size_t index);   /* borrows; NULL past the end */
TALLY_API const tally_column *tally_table_find(const tally_table *table, const char *name); /* borrows; NULL when there is none */
TALLY_API ptrdiff_t tally_table_index(const tally_table *table, const char *name);          /* -1 when there is none */
TALLY_API size_t tally_table_bytes(const tally_table *table);
/* Columns `names`, in that order. errors: TALLY_ENAME */
TALLY_API tally_status tally_table_select(const tally_table *table, const char *const *names, size_t count, tally_table **out,
                                          tally_error *error);
/* Column names[i] becomes new_names[i]; the others and the order stay. errors: TALLY_ENAME, TALLY_ESHAPE */
TALLY_API tally_status tally_table_rename(const tally_table *table, const char *const *names, const char *const *new_names,
                                          size_t count, tally_table **out, tally_error *error);
/* The table with `column` (borrows) put in the place of the column `name`, or after the last. errors: TALLY_ESHAPE */
TALLY_API tally_status tally_table_with(const tally_table *table, const char *name, const tally_column *column, tally_table **out,
                                        tally_error *error);
/* Rows first .. first+count-1 without copying. errors: TALLY_ERANGE */
TALLY_API tally_status tally_table_slice(const tally_table *table, int64_t first, int64_t count, tally_table **out,
                                         tally_error *error);
/* Rows rows[0], rows[1] …, from 0, copied; -1 gives a row of missing values. errors: TALLY_ERANGE */
TALLY_API tally_status tally_table_take(const tally_table *table, const int64_t *rows, int64_t count, tally_table **out,
                                        tally_error *error);

/* =====================================================================================================
 * 4. Reading
 * ===================================================================================================== */

/* Where bytes come from: exactly one of the three. What begins as gzip does is unpacked, whatever it is called. A regular file is read
 * in pieces, unless it is packed, is not UTF-8, has escapes, lines to leave out or broken quotes: then it comes into memory whole, as
 * all other input does. */
typedef struct tally_input {
  const char *path;  /* a regular file, or anything that can be opened and read */
  const void *bytes; /* memory, with its size; borrowed for the length of the call */
  size_t size;
  int descriptor;   /* an open descriptor, used when path and bytes are NULL; not closed */
  const char *name; /* what to call it in messages; NULL: the path, or "(text)", or "(input)" */
} tally_input;

/* Where rows come from, batch by batch: a file that is read as it goes (tally_reading_source), or what a host can give. Where one batch
 * ends and the next begins must not depend on the number of threads. */
typedef struct tally_source {
  void *context;
  tally_table *schema; /* names and types; no rows */
  /* Called each time that rows are about to be drawn: how many batches there are, at least one, if only of no rows. */
  tally_status (*start)(void *context, size_t *batches, tally_error *error);
  /* Batch `index` with columns `names` (none: rows only count). Called from several threads at once. out: new reference */
  tally_status (*batch)(void *context, size_t index, const char *const *names, size_t count, tally_table **out, tally_error *error);
  /* Called once for each start that was well: after the last batch that was wanted, the last word on whether they are good; or, not
   * `complete`, after a failure, and then what it gives does not count. NULL: nothing is to be said. */
  tally_status (*finish)(void *context, bool complete, tally_error *error);
  void (*release)(void *context);
} tally_source;

/* Several sources, one after another, as one. Columns are bound by name, in order of first appearance; what a source does not have is missing
 * in its rows.
 * sources  takes, even on failure; count > 0
 * origin   a first column, with labels[i] in the rows of sources[i]; NULL: none. A source that has such a column keeps its own values
 * out      new reference
 * errors   TALLY_ETYPE (a column has different types), TALLY_ENOMEM */
TALLY_API tally_status tally_source_append(const tally_source *sources, size_t count, const char *origin, const char *const *labels,
                                           tally_source *out, tally_error *error);

typedef struct tally_reading tally_reading; /* what a reader found: tally_reading_release */

/* How the bytes were understood. Texts are borrowed from the reading. */
typedef struct tally_reading_facts {
  const char *format;       /* "csv", "json", "ndjson" */
  const char *encoding;     /* "UTF-8", "UTF-16LE", "UTF-32BE", …, "WINDOWS-1252", or the name that was given */
  const char *reader;       /* "fast" (our scanner), "lax" (libcsv, where the quoting is broken) or "jansson" */
  int32_t byte_order_marks; /* how many were stripped */
  char separator;           /* 0 for JSON */
  int64_t header_line;      /* the line of the header, from 1; 0 when there is none */
  int64_t bytes;            /* bytes read, as they came */
  const char *compression;  /* "gzip", which was undone; NULL: none */
  const char *separator_evidence; /* "198 of the first 200 records have 13 fields", "given"; NULL for JSON */
  const char *const *percent_columns; /* names of the columns of numbers that were written with %, ended by NULL; NULL for JSON */
} tally_reading_facts;

TALLY_API void tally_reading_release(tally_reading *reading);
/* The data. borrows */
TALLY_API const tally_table *tally_reading_table(const tally_reading *reading);
/* What was not as it should be, one row each, in the order of the file: line (integer, from 1), byte (integer, offset from 0 in the
 * text once it is unpacked, UTF-8 and without escapes; of bytes that are not valid in another encoding, before it is UTF-8), column (text, a
 * column's name or missing), what (text, one of a few fixed phrases), text (text, the offending bytes, at most 120 of them).
 * borrows */
TALLY_API const tally_table *tally_reading_problems(const tally_reading *reading);
/* The preamble: key (text, without its colon), value (text). A line of the preamble without a key continues the one above
 * or has the key missing. borrows */
TALLY_API const tally_table *tally_reading_metadata(const tally_reading *reading);
TALLY_API const tally_reading_facts *tally_reading_get_facts(const tally_reading *reading); /* borrows */

typedef enum tally_header { TALLY_HEADER_GUESS = 0, TALLY_HEADER_FIRST, TALLY_HEADER_NONE } tally_header;
typedef enum tally_reader { TALLY_READER_GUESS = 0, TALLY_READER_FAST, TALLY_READER_LAX } tally_reader;
typedef enum tally_on_problem { TALLY_PROBLEM_REPORT = 0, TALLY_PROBLEM_ERROR, TALLY_PROBLEM_DROP } tally_on_problem;

typedef struct tally_csv_options {
  size_t size;              /* sizeof(tally_csv_options) */
  const char *encoding;     /* an iconv name; NULL: recognised from the bytes, as UTF-8, -16, -32 or Windows-1252 */
  char separator;           /* 0: guessed from , ; tab | */
  char quote;               /* 0: fields are never quoted */
  char escape;              /* inside quotes, before a quote or itself; 0: a quote is doubled */
  char comment;             /* a line that starts with it is skipped; 0: none */
  char decimal;             /* '.' or ','; with ',' thousands are separated by '.' or a blank */
  tally_header header;      /* GUESS also finds a preamble above the header */
  int64_t skip;             /* physical lines to leave out at the start, before anything is guessed */
  int64_t limit;            /* rows at most; -1: all */
  const char *const *names; /* names for the columns in place of the header's, in order */
  size_t name_count;
  const char *const *columns; /* keep only these columns, by name, in this order; NULL: all */
  size_t column_count;
  const char *const *type_names; /* columns whose type is given rather than found ... */
  const tally_type *types;       /* ... and the types */
  size_t type_count;
  bool all_text;              /* every column not named in type_names is text, exactly as it stands */
  const char *const *missing; /* texts read as missing without a reason, besides the empty field; NULL: none */
  size_t missing_count;
  const char *const *symbols; /* texts read as missing with a reason; NULL: the published list (tally_symbols) */
  size_t symbol_count;
  bool trim; /* blanks around a value are not part of it */
  tally_on_problem on_problem;
  tally_reader reader;
  size_t chunk_bytes; /* bytes handled at a time; 0: chosen. For tests. */
} tally_csv_options;

#define TALLY_CSV_OPTIONS \
  { .size = sizeof(tally_csv_options), .quote = '"', .decimal = '.', .limit = -1, .trim = true }

/* The symbols that are read as missing with a reason by default, ended by NULL: "[c]" "[x]" "[z]" "[low]" ".." "-" "*" … */
TALLY_API const char *const *tally_symbols(void);

/* Reads a CSV file as it was published: encoding, separator, preamble, header and types are found; what is damaged is
 * reported and never shifted into another column.
 * input, options  borrows; options NULL: TALLY_CSV_OPTIONS
 * out             new reference
 * errors          TALLY_EIO (cannot be read, a directory, changed while being read), TALLY_ESYNTAX (empty, binary, gzip that is
 *                 cut off or damaged, an unclosed quote, or a problem under TALLY_PROBLEM_ERROR), TALLY_ENAME (an option names a
 *                 column or an encoding that is not there), TALLY_ERANGE (two signs are the same, or one is a line end),
 *                 TALLY_ENOMEM, TALLY_ECANCEL */
TALLY_API tally_status tally_read_csv(const tally_input *input, const tally_csv_options *options, tally_reading **out,
                                      tally_error *error);

/* Looks into a CSV file whose rows are to be read only when they are needed: encoding, separator, preamble and header are found, and types by
 * samples from all over the file. The table of the reading has the columns and no rows; tally_reading_source gives the rows, of which
 * only the columns that are asked for are made, and never more than a few batches at a time are in memory. (A file that has to be
 * converted or unpacked, or comes through a pipe, is in memory as a whole.)
 * input, options  borrows; `limit` is not for this: tally_program_head draws no more than it needs
 * out             new reference
 * errors          as tally_read_csv; TALLY_ESHAPE (a limit) */
TALLY_API tally_status tally_scan_csv(const tally_input *input, const tally_csv_options *options, tally_reading **out,
                                      tally_error *error);
/* Rows from a few places of a file of tally_scan_csv, its first and its last among them; NULL of any other reading. borrows */
TALLY_API const tally_table *tally_reading_sample(const tally_reading *reading);
/* The rows of a reading of tally_scan_csv, for tally_program_over. Each time they are drawn the file is read; it must be as it was. A value
 * of another type than the samples had is an error that names its place and what to say in `types`. What else is wrong with the rows
 * drawn is in tally_reading_problems afterwards.
 * out     new reference: it holds the reading
 * errors  TALLY_ESHAPE (not of tally_scan_csv); when rows are drawn, as tally_read_csv, and TALLY_ETYPE */
TALLY_API tally_status tally_reading_source(tally_reading *reading, tally_source *out, tally_error *error);

typedef struct tally_json_options {
  size_t size;                   /* sizeof(tally_json_options) */
  const char *records;           /* path of the array of records, keys joined by '.'; NULL: found */
  const char *unnest;            /* a list column (path joined by '.') that gives one row for each element; NULL: none */
  const char *const *type_names; /* as in tally_csv_options */
  const tally_type *types;
  size_t type_count;
  bool all_text;
  tally_on_problem on_problem;
  bool lines;         /* one record a line; else that is found */
  size_t chunk_bytes; /* bytes handled at a time; 0: chosen. For tests. */
} tally_json_options;

#define TALLY_JSON_OPTIONS \
  { .size = sizeof(tally_json_options) }

/* Reads an array of records, an object that holds one, one record, or one record a line (NDJSON). An object is taken to hold
 * the records when it has exactly one list of objects and beside it nothing but single values, empty lists and a "meta" or
 * "metadata", which become tally_reading_metadata. Nested objects become columns `a.b`; lists are kept as JSON text unless
 * unnested, and so are objects with more than 1,000 different keys. Integers stay exact: with numbers beside them that would
 * cost them digits the column is text, and so it is where 64 bits do not hold one.
 * Lines it is when a whole record stands on the first line and something on another (options.lines says it without looking). Lines,
 * and the records of a list that is all of the document, are read in parallel, in little memory beside the input and the table.
 * A line that is no record, or in which a key is given twice, is a problem and gives no row; blank lines are passed over, and are a
 * problem before others. Under TALLY_PROBLEM_ERROR any problem is an error; under TALLY_PROBLEM_DROP rows with a value that is not
 * of the type asked for are left out. A damaged document of another form is an error. errors  as tally_read_csv, TALLY_ESYNTAX also
 * when there is nothing but problems; TALLY_ENAME (nothing at `records`), TALLY_ETYPE (no list at `unnest`, no records at
 * `records`), TALLY_ESHAPE (two paths give one name, more than 20,000 columns, or both `records` and `lines`) */
TALLY_API tally_status tally_read_json(const tally_input *input, const tally_json_options *options, tally_reading **out,
                                       tally_error *error);

/* =====================================================================================================
 * 5. Expressions
 * ===================================================================================================== */

/* A typed formula over the columns of one row. Immutable, counted. */
typedef struct tally_expression tally_expression;

/* out  new reference, in all three */
TALLY_API tally_status tally_expression_column(const char *name, tally_expression **out, tally_error *error);
TALLY_API tally_status tally_expression_value(tally_value value, tally_expression **out, tally_error *error); /* copies */
/* A call of an operator or function by its name: "+", "==", "and", "not", "in", "percent", "coalesce", …; see
 * tally_function_type. A unary minus is "neg". "in" takes the value and then the members.
 * arguments  takes each of them, even on failure
 * errors     TALLY_ENAME (no such function), TALLY_ESHAPE (wrong number of arguments), TALLY_ENOMEM */
TALLY_API tally_status tally_expression_call(const char *function, tally_expression *const *arguments, size_t count,
                                             tally_expression **out, tally_error *error);
TALLY_API tally_expression *tally_expression_retain(const tally_expression *expression);
TALLY_API void tally_expression_release(tally_expression *expression);

/* The type that a function gives for arguments of these types.
 * errors  TALLY_ENAME (no such function), TALLY_ESHAPE (wrong number of arguments), TALLY_ETYPE (it does not take them) */
TALLY_API tally_status tally_function_type(const char *function, const tally_type *arguments, size_t count, tally_type *out,
                                           tally_error *error);
/* The name of the function with this index, in order; NULL past the last. For listings and suggestions. */
TALLY_API const char *tally_function_name(size_t index);

/* The type of the expression over the columns of `table`. errors: TALLY_ENAME, TALLY_ETYPE */
TALLY_API tally_status tally_expression_type(const tally_expression *expression, const tally_table *table, tally_type *out,
                                             tally_error *error);
/* The expression for every row of `table`. An expression of type TALLY_MISSING gives a boolean column of missing values.
 * Missing values keep their reasons through functions of one column expression and constants, as in round(n / 2, 1), and through
 * coalesce and if_else; functions of several columns give none.
 * out     new reference
 * errors  TALLY_ENAME, TALLY_ETYPE, TALLY_ERANGE (integer overflow; "integer", "number" or "date" of a text that is none, for which
 *         "try_integer", "try_number" and "try_date" give missing, or "integer" of a number that is not whole; an integer that
 *         "coalesce" or "if_else" would give as a number with fewer digits), TALLY_ENOMEM */
TALLY_API tally_status tally_evaluate(const tally_table *table, const tally_expression *expression, tally_column **out,
                                      tally_error *error);

/* =====================================================================================================
 * 6. Operations on tables. Each gives a new table; none changes its argument.
 * ===================================================================================================== */

/* Rows for which `keep` is true; a missing answer counts as false.
 * keep    borrows; a boolean expression
 * errors  TALLY_ENAME, TALLY_ETYPE (not boolean) */
TALLY_API tally_status tally_table_filter(const tally_table *table, const tally_expression *keep, tally_table **out,
                                          tally_error *error);

typedef struct tally_aggregate {
  const char *name;                 /* of the column it gives */
  const char *function;             /* "count" "sum" "mean" "median" "quantile" "min" "max" "sd" "var" "first" "last" … */
  const tally_expression *argument; /* NULL only for "count", which then counts rows */
  const tally_expression *second;   /* weight of "weighted_mean", other variable of "corr"; else NULL */
  const tally_expression *where;    /* only rows for which it is true; NULL: all */
  double parameter;                 /* the probability of "quantile", 0 … 1 */
} tally_aggregate;

/* The type an aggregate gives for an argument of this type (TALLY_MISSING for count without argument).
 * errors  TALLY_ENAME, TALLY_ETYPE */
TALLY_API tally_status tally_aggregate_type(const char *function, tally_type argument, tally_type *out, tally_error *error);
/* The name of the aggregate with this index, in order; NULL past the last. */
TALLY_API const char *tally_aggregate_name(size_t index);

/* One row for each combination of `keys` that occurs, in order of first appearance (or of declared levels); missing is a
 * group. Without keys: one row. Missing values are skipped; a sum over no rows is 0, a sum over rows of which no value is
 * known is missing. Integer sums are exact in 128 bits. The result has the same bits for any number of threads.
 * errors  TALLY_ENAME, TALLY_ETYPE, TALLY_ERANGE (an integer sum past 64 bits; error.where names the column), TALLY_ENOMEM */
TALLY_API tally_status tally_table_aggregate(const tally_table *table, const char *const *keys, size_t key_count,
                                             const tally_aggregate *aggregates, size_t aggregate_count, tally_table **out,
                                             tally_error *error);

typedef struct tally_sort_key {
  const char *column;
  bool descending;
} tally_sort_key;

/* Stable; in either direction missing last and NaN before it; text by its bytes, or by declared levels.
 * errors  TALLY_ENAME */
TALLY_API tally_status tally_table_sort(const tally_table *table, const tally_sort_key *keys, size_t count, tally_table **out,
                                        tally_error *error);

/* The rows with the largest values of a column, at most `most` of each group of `by` (of all rows when by_count is 0): groups in
 * order of first appearance, in each the largest first, equal values in the order of their rows, rows without a value last.
 * errors  TALLY_ENAME, TALLY_ERANGE (2^32 rows) */
TALLY_API tally_status tally_table_top(const tally_table *table, const char *const *by, size_t by_count, const char *column,
                                       int64_t most, tally_table **out, tally_error *error);
/* The first row of each combination of `columns` (count 0: of all columns), in order of appearance. errors: TALLY_ENAME */
TALLY_API tally_status tally_table_distinct(const tally_table *table, const char *const *columns, size_t count, tally_table **out,
                                            tally_error *error);

typedef enum tally_join_kind {
  TALLY_JOIN_INNER = 0,
  TALLY_JOIN_LEFT,
  TALLY_JOIN_RIGHT,
  TALLY_JOIN_FULL,
  TALLY_JOIN_SEMI, /* rows of left that have a match */
  TALLY_JOIN_ANTI  /* rows of left that have none */
} tally_join_kind;

typedef struct tally_join_options {
  size_t size; /* sizeof(tally_join_options) */
  tally_join_kind kind;
  const char *const *left_keys; /* as many as right_keys, compared in pairs; types must agree (integer with number does) */
  const char *const *right_keys;
  size_t key_count;
  const char *suffix; /* added to a column of right whose name left has too; NULL: "_right" */
  bool match_missing; /* missing keys match one another; else never */
  /* Of the rows of right that match, only the last one whose `right_as_of` is not after `left_as_of`: integers, numbers or dates,
   * both of one type, those missing or NaN never. For inner, left, semi and anti joins, which may then do without keys. NULL: none */
  const char *left_as_of;
  const char *right_as_of;
} tally_join_options;

typedef struct tally_join_report {
  int64_t left_unmatched;  /* rows of left without a match */
  int64_t right_unmatched; /* rows of right without a match */
  int64_t left_repeated;   /* rows of left with more than one match */
  bool many_to_many;       /* some key occurs more than once on both sides */
} tally_join_report;

/* Rows in the order of left, matches in the order of right; of a full or right join the unmatched rows of right come last.
 * Key columns appear once, under the left names.
 * report  may be NULL
 * errors  TALLY_ENAME, TALLY_ETYPE (keys of different types), TALLY_ERANGE (integers with numbers: one that no
 *         number holds exactly; 2^32 rows), TALLY_ESHAPE (a name twice in the result; no keys), TALLY_ENOMEM, TALLY_ECANCEL */
TALLY_API tally_status tally_table_join(const tally_table *left, const tally_table *right, const tally_join_options *options,
                                        tally_join_report *report, tally_table **out, tally_error *error);

/* Rows of all tables, one after another, columns bound by name in order of first appearance; a column that a table lacks is
 * missing there; integer and number give number. With `origin` a first column of that name says which table (labels[i]).
 * errors  TALLY_ETYPE (a column's types cannot be bound), TALLY_ERANGE (integers with numbers: one that no number holds exactly),
 *         TALLY_ESHAPE (origin is already a column) */
TALLY_API tally_status tally_table_append(const tally_table *const *tables, size_t count, const char *origin,
                                          const char *const *labels, tally_table **out, tally_error *error);

/* Long to wide: one row for each combination of `keys`, one column for each value of `names_from`, filled from `values_from`.
 * Rows and columns in order of first appearance or of declared levels; an empty cell is missing.
 * errors  TALLY_ENAME, TALLY_ESHAPE (two rows for one cell), TALLY_ETYPE */
TALLY_API tally_status tally_table_pivot(const tally_table *table, const char *const *keys, size_t key_count,
                                         const char *names_from, const char *values_from, tally_table **out, tally_error *error);
/* Wide to long: for each row, one row for each of `columns`, its name in `names_to` and its value in `values_to`.
 * errors  TALLY_ENAME, TALLY_ETYPE (the columns have no common type), TALLY_ERANGE (as append), TALLY_ESHAPE */
TALLY_API tally_status tally_table_unpivot(const tally_table *table, const char *const *columns, size_t count, const char *names_to,
                                           const char *values_to, tally_table **out, tally_error *error);

/* A column computed from `column` within the groups of `by`, in the order of the rows (by_count 0: the whole table):
 *   "sum" "count" "min" "max" "first" "last"    the group's aggregate on each of its rows (missing skipped, as in aggregate)
 *   "cumulative_sum"                            running sum; missing where the value is missing, and passed over
 *   "lag"                                       the value `offset` rows before in the group; negative looks ahead
 *   "row_number" "rank" "dense_rank"            from 1; ranks from the largest down, ties share the smallest rank
 * column  may be NULL for "count" and "row_number"
 * out     new reference
 * errors  TALLY_ENAME, TALLY_ETYPE, TALLY_ERANGE, TALLY_ENOMEM */
TALLY_API tally_status tally_table_window(const tally_table *table, const char *function, const char *column, const char *const *by,
                                          size_t by_count, int64_t offset, tally_column **out, tally_error *error);

/* ---- A program: source, steps, sink. Steps are not run one after another over the whole table, but batch by batch. ---- */

typedef struct tally_program tally_program;

/* table  retained for as long as the program lives */
TALLY_API tally_status tally_program_new(const tally_table *table, tally_program **out, tally_error *error);
/* source  takes, even on failure: its schema, and its context, which is released with the program */
TALLY_API tally_status tally_program_over(const tally_source *source, tally_program **out, tally_error *error);
TALLY_API void tally_program_release(tally_program *program);
/* Steps, checked as they are added. expression: borrows (retained). errors: TALLY_ENAME, TALLY_ETYPE */
TALLY_API tally_status tally_program_filter(tally_program *program, const tally_expression *keep, tally_error *error);
TALLY_API tally_status tally_program_derive(tally_program *program, const char *name, const tally_expression *value,
                                            tally_error *error);
/* Sinks. A program may be run more than once. Columns NULL: all. */
/* The first `rows` rows; no more batches are drawn than that takes. */
TALLY_API tally_status tally_program_head(tally_program *program, const char *const *columns, size_t column_count, int64_t rows,
                                          tally_table **out, tally_error *error);
TALLY_API tally_status tally_program_collect(tally_program *program, const char *const *columns, size_t column_count,
                                             tally_table **out, tally_error *error);
TALLY_API tally_status tally_program_aggregate(tally_program *program, const char *const *keys, size_t key_count,
                                               const tally_aggregate *aggregates, size_t aggregate_count, tally_table **out,
                                               tally_error *error);
/* How the last aggregation of a program told its groups apart. */
typedef enum tally_grouping {
  TALLY_GROUPING_NONE = 0, /* there was none, or it had no keys */
  TALLY_GROUPING_PLACES,   /* keys with few values: each group has a place in an array */
  TALLY_GROUPING_WHOLE,    /* keys with many: all rows are numbered at once, through an array or in partitions by their hash */
  TALLY_GROUPING_BATCHES   /* keys that are computed, or read on the way: batch by batch, through a hash table */
} tally_grouping;
/* places  in the array; 0 unless there is one. May be NULL */
TALLY_API tally_grouping tally_program_grouping(const tally_program *program, int64_t *places);
TALLY_API tally_status tally_program_count(tally_program *program, int64_t *out, tally_error *error);

/* =====================================================================================================
 * 7. Writing
 * ===================================================================================================== */

/* Where bytes go: a file, an open descriptor, or a function.
 *
 * A file is written under a temporary name in the same folder (".tally-PID-N"), made safe on the disk, and then renamed, and its
 * folder made safe too. So whatever fails, and whoever looks meanwhile, finds the old file or the whole new one, never a mixture;
 * on an error the old file is there and the temporary one is gone. The new file has the mode of the old one, and its owner as far
 * as the system allows; the link that leads to it stays a link, but other names of the old file (hard links) keep what was in it.
 * What is not a regular file, such as a pipe, is written straight, as a descriptor is.
 *
 * A table is put into words by all threads, a few megabytes at a time; a function and a descriptor are used by the caller's thread
 * alone. A reader of a pipe that went away, or a limit on the size of files, is TALLY_EIO and no signal. The error's `where` is the
 * path, its text the reason: "cannot be written: No space left on device". */
typedef struct tally_output {
  const char *path;
  tally_status (*write)(void *context, const void *bytes, size_t size, tally_error *error); /* used when path is NULL */
  void *context;
  int descriptor; /* used when path and write are NULL; not closed */
} tally_output;

typedef struct tally_csv_write_options {
  size_t size;    /* sizeof(tally_csv_write_options) */
  char separator; /* 0: comma */
  bool header;
  bool symbols;         /* a missing value with a reason is written as its symbol; else as `missing` */
  const char *missing;  /* NULL: nothing at all. Empty text is written "" so that the two read back as they were. */
  const char *line_end; /* "\n", "\r\n" or "\r"; NULL: "\n" */
  bool for_spreadsheet; /* to be opened in Excel and its like, and not to be read back: see below */
} tally_csv_write_options;

#define TALLY_CSV_WRITE_OPTIONS \
  { .size = sizeof(tally_csv_write_options), .header = true, .symbols = true }

/* Numbers are written in the shortest form that reads back to the same bits, and so that they are seen to be numbers: 2.0. A text
 * is quoted when it is empty, has blanks at an end, or holds the separator, a quote or a line end; a missing value is nothing, so
 * that in a table of one column it is a blank line, which tally_read_csv takes for one.
 *
 * What is written reads back as the same table, with names, types, values, missing values and their symbols, when the reader is
 * told what a file cannot say: the separator, the types of all columns, TALLY_HEADER_FIRST, and trim = false. But for a few
 * things CSV has no form that its readers agree on:
 *   - NaN, infinities, dates outside the years 0 to 9999, and NUL bytes in a text are among the problems;
 *   - a text that is a symbol in brackets, such as [c], is read as missing for that reason;
 *   - a symbol without brackets in a column of text is read as a text, and one that is not among tally_symbols has to be
 *     given to the reader in `symbols`;
 *   - an empty text is read as missing where the first 200 rows are nothing but quoted texts;
 *   - blanks at the ends of a column's name are dropped.
 * Without types, a column of booleans, integers, numbers or dates comes back as such when one of its values is there (booleans:
 * and no symbol without brackets), and a column of text when one of its values is no boolean, number or date, "007" being none, and
 * one not in single quotes. The order of declared levels is not written.
 *
 * With for_spreadsheet the file begins with a byte-order mark, without which Excel does not take it for UTF-8, and no text is run
 * as a formula (CWE-1236). By the advice of OWASP ("CSV Injection"; ASVS 1.2.10) a single quote is put before a text that begins
 * with a tab, CR, LF or NUL, and before each line of one that begins, after blanks, with = + - @ or the full-width form of one;
 * names of columns and published symbols too. Numbers and dates are never changed, nor is a text that is a number (-5.3) or a
 * single character (-).
 *
 * errors: TALLY_EIO, TALLY_ESYNTAX (the separator or the line end cannot be one), TALLY_ENOMEM, TALLY_ECANCEL */
TALLY_API tally_status tally_write_csv(const tally_table *table, const tally_output *output, const tally_csv_write_options *options,
                                       tally_error *error);

typedef struct tally_json_write_options {
  size_t size;
  bool lines; /* one record a line (NDJSON) instead of one array */
} tally_json_write_options;

#define TALLY_JSON_WRITE_OPTIONS \
  { .size = sizeof(tally_json_write_options) }

/* An array of records, keys in the order of the columns. Integers are written to the last digit, dates as texts. Missing is null,
 * whatever its reason; NaN and infinities, which JSON does not have, are null too. The rest reads back as it was when the reader is
 * told the types of all columns. errors: TALLY_EIO, TALLY_ENOMEM, TALLY_ECANCEL */
TALLY_API tally_status tally_write_json(const tally_table *table, const tally_output *output,
                                        const tally_json_write_options *options, tally_error *error);

/* Writes bytes that the caller has ready, with the same care for the file that is there.
 * errors: TALLY_EIO, TALLY_ENOMEM, TALLY_ECANCEL */
TALLY_API tally_status tally_write_bytes(const void *bytes, size_t size, const tally_output *output, tally_error *error);

/* A value as the writers write it: "true", "-12", the shortest form of a number that reads back to the same bits ("2.0", "0.1",
 * "1e16"), "2020-01-31", a text as it is; missing is empty.
 * buffer  filled with at most size - 1 bytes, cut at a whole character, and a NUL; 32 bytes are enough for all but text
 * Returns the bytes of the whole form without the NUL, whether they fitted or not. */
TALLY_API size_t tally_format_value(tally_value value, char *buffer, size_t size);

/* =====================================================================================================
 * 8. Threads, memory, machine
 * ===================================================================================================== */

/* Threads used from now on, the caller's included; 0: as many as there are cores, or TALLY_THREADS; negative: as before. Returns
 * the number now in force. Results never depend on it. */
TALLY_API int tally_threads(int count);
/* Ask what is running in any thread to stop: it returns TALLY_ECANCEL. Safe in a signal handler. The next call to
 * tally_cancel(false) allows work again. */
TALLY_API void tally_cancel(bool cancel);
/* How far a file is read. */
typedef struct tally_progress {
  const char *name;    /* the file; borrowed for the length of the call */
  int64_t done, total; /* bytes gone through, of those to go through: a file may be gone through several times */
  int64_t rows;        /* read so far */
  double seconds;      /* since the reading began */
  bool ended;          /* no more is told of this file */
} tally_progress;
/* Who is told of it: about ten times a second while a file is read, on the thread that reads it, and once at the end. What is called
 * must not call tally. NULL: nobody. Set it while nothing is read. */
TALLY_API void tally_on_progress(void (*report)(void *context, const tally_progress *progress), void *context);
/* Joins the workers. They start again when needed. Call it before unloading the code. */
TALLY_API void tally_shutdown(void);
/* Bytes that tally now holds, and the limit above which allocation is refused (0: none). */
TALLY_API size_t tally_memory_used(void);
TALLY_API void tally_set_memory_limit(size_t bytes);
/* The set of kernels in use: "portable", "avx2", "avx512", "neon". TALLY_KERNEL in the environment chooses. */
TALLY_API const char *tally_kernel(void);
/* Chooses a set of kernels by name; false when this machine cannot run it. */
TALLY_API bool tally_set_kernel(const char *name);

#ifdef TALLY_UNSTABLE
/* For tests: the allocation after `count` more is refused, and with `forever` every one after it. count < 0: off. */
TALLY_API void tally_fail_allocation(int64_t count, bool forever);
#endif

#ifdef __cplusplus
}
#endif

#endif
