/* lua/interrupt: Ctrl-C while the engine works. Lua's own handler waits for the next line of Lua, which may be long in coming. */
#ifndef TL_LUA_INTERRUPT_H
#define TL_LUA_INTERRUPT_H

#include "lua/compat.h"
#include "tally.h"

/* A call of the engine that may take long: while it runs, the program's handler of Ctrl-C is called as ever, and the engine is told
 * to stop. Gives the status of the call. A program without a handler ends, as ever. */
#define TL_INTERRUPTIBLE(call) (tl_interrupt_begin(), tl_interrupt_end(call))

void tl_interrupt_begin(void);
tally_status tl_interrupt_end(tally_status status);

/* After the engine was told to stop: where Lua's handler has set a hook to stop the script, it does, here and now. */
void tl_interrupt_raise(lua_State *L);

#endif
