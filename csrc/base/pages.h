/* base/pages: large blocks of memory, from the system. Those that are let go are kept for a while, since the first touch of fresh
 * memory costs more than anything that is done with it. The system may have their pages at any time. */
#ifndef TL_BASE_PAGES_H
#define TL_BASE_PAGES_H

#include <stddef.h>

enum { TL_HUGE_PAGE = 1 << 21 };

/* A block of `size` bytes, whole pages of 4 KiB and at least one huge page, aligned to huge pages; zeros, or anything. NULL when
 * refused.
 * most  bytes that may be kept from here on */
void *tl_pages_fresh(size_t size, size_t most);
void *tl_pages_any(size_t size, size_t most);
/* Lets go of a block, or of its bytes from `rest` on. */
void tl_pages_free(void *block, size_t size, size_t most);
void tl_pages_trim(void *block, size_t size, size_t rest);
/* Lets go of all that is kept. */
void tl_pages_drop(void);

#endif
