/* warm GB: touches so much memory and lets it go. A virtual machine may take memory that its programs have left back to its host; the next to touch
 * it then pays for getting it again, up to thirty times what touching costs otherwise, and who that is is chance. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

int main(int count, char **arguments) {
  size_t size = (size_t)((count > 1 ? atof(arguments[1]) : 0) * (1 << 30));
  if (size == 0) return 0;
  char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    perror("warm");
    return 1;
  }
  madvise(memory, size, MADV_HUGEPAGE);
  for (size_t at = 0; at < size; at += 4096) memory[at] = 1;
  return 0;
}
