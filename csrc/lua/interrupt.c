/* lua/interrupt: for the length of one call, a handler of ours stands before the program's. One call at a time has it: of several
 * states in several threads, the first. */
#include "lua/interrupt.h"

#include <signal.h>
#include <stdatomic.h>

static atomic_flag taken = ATOMIC_FLAG_INIT;
static _Thread_local bool ours; /* this thread's call has the handler */
static struct sigaction before;
static volatile sig_atomic_t interrupted;

static void on_interrupt(int number, siginfo_t *info, void *context) {
  interrupted = 1;
  tally_cancel(true);
  if (before.sa_flags & SA_SIGINFO) {
    before.sa_sigaction(number, info, context);
  } else {
    before.sa_handler(number);
  }
}

static bool has_handler(const struct sigaction *action) {
  return (action->sa_flags & SA_SIGINFO) || (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN);
}

void tl_interrupt_begin(void) {
  if (atomic_flag_test_and_set(&taken)) return;
  if (sigaction(SIGINT, NULL, &before) != 0 || !has_handler(&before)) {
    atomic_flag_clear(&taken);
    return;
  }
  struct sigaction action = {.sa_sigaction = on_interrupt, .sa_flags = SA_SIGINFO, .sa_mask = before.sa_mask};
  interrupted = 0;
  ours = sigaction(SIGINT, &action, NULL) == 0;
  if (!ours) atomic_flag_clear(&taken);
}

/* The program's handler may have put another in its place, as Lua's does: then that stays. */
tally_status tl_interrupt_end(tally_status status) {
  if (!ours) return status;
  struct sigaction now;
  if (sigaction(SIGINT, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_interrupt) {
    sigaction(SIGINT, &before, NULL);
  }
  if (interrupted) tally_cancel(false);
  ours = false;
  atomic_flag_clear(&taken);
  return status;
}

static int nothing(lua_State *L) {
  (void)L;
  return 0;
}

void tl_interrupt_raise(lua_State *L) {
  if (!lua_gethook(L)) return;
  lua_pushcfunction(L, nothing);
  lua_call(L, 0, 0);
}
