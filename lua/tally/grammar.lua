--- The grammar of formulas, made when the first one is parsed. What it makes of them is said in `tally.formula`.
-- @module tally.grammar

local lpeg = require "lpeg"
local formula = require "tally.formula"

local P, R, S, V = lpeg.P, lpeg.R, lpeg.S, lpeg.V
local C, Cc, Carg, Cg, Cmt, Cp, Cs, Ct = lpeg.C, lpeg.Cc, lpeg.Carg, lpeg.Cg, lpeg.Cmt, lpeg.Cp, lpeg.Cs, lpeg.Ct

local DEPTH_MOST = 100 -- brackets within brackets
local STACK = 60 * DEPTH_MOST -- what LPeg needs for that depth

-- ---- Faults ----

-- What to write instead of an operator that other languages have.
local habits = {
  { "where", "'where' belongs inside the brackets of an aggregate: count(where ...)" },
  { "!=", "write ~= for 'not equal'" },
  { "<>", "write ~= for 'not equal'" },
  { "=", "write == to compare" },
  { "&", "write 'and'" },
  { "||", "write 'or'" },
  { "!", "write 'not'" },
}

local function habit_at(source, at)
  for _, habit in ipairs(habits) do
    if source:sub(at, at + #habit[1] - 1) == habit[1] then return habit[2] end
  end
end

-- The word or operator that ends before `at`, for messages; nil at the start.
local function token_before(source, at)
  local text = source:sub(1, at - 1):gsub("%s+$", "")
  return text:match "[%w_\128-\255]+$" or text:match "[=~<>]=$" or text:match "//$" or text:match "%.%.$"
    or text:match "%p$"
end

local function token_at(source, at)
  return source:match("^[%w_\128-\255]+", at) or source:match("^[%z\1-\127\194-\244][\128-\191]*", at)
end

local function raise(state, at, message)
  formula.fault(state, at, "syntax", habit_at(state.source, at) or message)
end

-- A pattern that never matches but raises; `message(state, at)` makes the text.
local function failing(message)
  return Cmt(Carg(1), function(_, at, state)
    raise(state, at, type(message) == "string" and message or message(state, at))
  end)
end

local no_value = failing(function(state, at)
  local before = token_before(state.source, at)
  return "expected a value" .. (before and (" after '%s'"):format(before) or "")
end)

local function no_closing(bracket)
  return failing(function(state, at)
    local found = token_at(state.source, at)
    return ("expected '%s' %s"):format(bracket, found and ("before '%s'"):format(found) or "at the end")
  end)
end

local trailing = failing(function(state, at)
  return ("'%s' is not expected here"):format(token_at(state.source, at) or "?")
end)

-- ---- Words ----

local blank = S " \t\r\n"^0
local letter = R("az", "AZ", "\128\255") + "_"
local word = letter * (letter + R "09")^0
local keywords = { ["and"] = true, ["or"] = true, ["not"] = true, ["in"] = true, ["where"] = true, ["true"] = true,
  ["false"] = true, ["nil"] = true }

local function symbol(text)
  return P(text) * blank
end

local function keyword(text)
  return P(text) * -(letter + R "09") * blank
end

local identifier = Cmt(C(word), function(_, at, text)
  if not keywords[text] then return at, text end
end)

local unclosed_name = failing "a name in backticks is opened and not closed: expected '`'"
local quoted_name = P "`" * Cs((P "``" / "`" + (1 - P "`"))^1) * (P "`" + unclosed_name)
local name = (identifier + quoted_name) * blank

-- ---- Literals ----

local function utf8_bytes(code)
  if code < 0x80 then return string.char(code) end
  local bytes, most = {}, 0x40
  repeat
    table.insert(bytes, 1, string.char(0x80 + code % 0x40))
    code, most = math.floor(code / 0x40), most / 2
  until code < most
  return string.char((0x100 - 2 * most) + code) .. table.concat(bytes)
end

local escapes = { a = "\a", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", v = "\v", ["\\"] = "\\", ['"'] = '"',
  ["'"] = "'", ["\n"] = "\n" }
local hex = R("09", "af", "AF")

local code_point = Cmt(P "{" * C(hex^1) * "}", function(_, at, digits)
  local code = #digits <= 6 and tonumber(digits, 16) or math.huge
  if code <= 0x10FFFF then return at, utf8_bytes(code) end
end)

local byte_number = Cmt(C(R "09" * R "09"^-2), function(_, at, digits)
  if tonumber(digits) <= 255 then return at, string.char(tonumber(digits)) end
end)

local escape = P "\\" / "" * (C(S "abfnrtv\\\"'\n") / escapes
  + P "z" * S " \t\r\n"^0 / ""
  + P "x" / "" * (C(hex * hex) / function(digits) return string.char(tonumber(digits, 16)) end)
  + P "u" / "" * code_point
  + byte_number
  + failing "no such escape in a text: write \\\\ for a backslash")

local function text_in(quote)
  local unclosed = failing(("a text is opened and not closed: expected %s"):format(quote))
  return P(quote) * Cs((escape + (1 - (P(quote) + "\\" + "\n")))^0) * (P(quote) + unclosed)
end

local digits = R "09"^1
local exponent = S "eE" * S "+-"^-1 * digits
local float = (digits * "." * -P "." * R "09"^0 * exponent^-1) + ("." * digits * exponent^-1) + digits * exponent
local integer = P "0" * S "xX" * hex^1 + digits

local function literal(kind)
  return function(at, value) return { tag = "value", at = at, value = value, type = kind } end
end

local after_number = -letter + failing "a name cannot begin with a digit: put it in backticks"

-- An integer that Lua can only hold as a float is refused: nothing changes its value in silence.
local function integer_value(_, at, text, state)
  local value = tonumber(text)
  if math.type and math.type(value) ~= "integer" or not math.type and value > 2^53 then
    raise(state, at - #text, "the integer does not fit 64 bits: write it with a decimal point for a number")
  end
  return at, value
end

local number = Cp() * (C(float) / tonumber) / literal "number"
  + Cp() * Cmt(C(integer) * Carg(1), integer_value) / literal "integer"
local text = Cp() * (text_in "'" + text_in '"') / literal "text"
local constant = Cp() * keyword "true" * Cc(true) / literal "boolean"
  + Cp() * keyword "false" * Cc(false) / literal "boolean"
  + Ct(Cg(Cp(), "at") * keyword "nil" * Cg(Cc "missing", "tag"))
local parameter = Ct(Cg(Cp(), "at") * "$" * Cg(C(word) + failing "expected a name after '$'", "name")
  * Cg(Cc "parameter", "tag"))

-- ---- Operators ----

local function call(func, at, ...)
  return { tag = "call", func = func, at = at, ... }
end

local function is_missing_test(left, right)
  if right.tag == "missing" then return left end
  if left.tag == "missing" then return right end
end

local function binary(left, at, operator, right)
  local tested = (operator == "==" or operator == "~=") and is_missing_test(left, right)
  if not tested then return call(operator, at, left, right) end
  local test = call("is_missing", at, tested)
  return operator == "==" and test or call("not", at, test)
end

-- { a, at, "+", b, at, "-", c } -> ((a + b) - c)
local function fold_left(items)
  local tree = items[1]
  for i = 2, #items, 3 do tree = binary(tree, items[i], items[i + 1], items[i + 2]) end
  return tree
end

-- { a, at, "and", b, at, "and", c } -> and(a, b, c): these take any number of arguments, so a long chain stays
-- shallow
local function fold_flat(items)
  if #items == 1 then return items[1] end
  local tree = call(items[3], items[2], items[1])
  for i = 4, #items, 3 do tree[#tree + 1] = items[i] end
  return tree
end

local function wrap_unary(operators, operand)
  for i = #operators, 1, -2 do
    operand = call(operators[i] == "-" and "neg" or "not", operators[i - 1], operand)
  end
  return operand
end

-- { a, at, {signs}, b, at, {signs}, c } -> a ^ signs(b ^ signs(c))
local function fold_power(items)
  local tree = items[#items]
  for i = #items - 2, 2, -3 do
    tree = binary(items[i - 1], items[i], "^", wrap_unary(items[i + 1], tree))
  end
  return tree
end

-- `x in {a, b}` -> in(x, a, b); `x in $list` keeps the parameter, whose members are known later.
local function member(left, at, negated, members)
  local test = call("in", at, left)
  for _, item in ipairs(members) do test[#test + 1] = item end
  return negated and call("not", at, test) or test
end

local function fold_comparison(items)
  local tree, i = items[1], 2
  while i <= #items do
    local at, operator, right = items[i], items[i + 1], items[i + 2]
    if operator == "in" or operator == "not in" then
      tree = member(tree, at, operator == "not in", right)
    else
      tree = binary(tree, at, operator, right)
    end
    i = i + 3
  end
  return tree
end

-- ---- The grammar ----

local deeper = Cmt(Carg(1), function(_, at, state)
  state.depth = state.depth + 1
  if state.depth > DEPTH_MOST then
    raise(state, at, ("brackets are nested too deeply: at most %d"):format(DEPTH_MOST))
  end
  return true
end)

local shallower = Cmt(Carg(1), function(_, _, state)
  state.depth = state.depth - 1
  return true
end)

local function bracketed(open, inside, close)
  return symbol(open) * deeper * inside * (P(close) + no_closing(close)) * shallower * blank
end

local function needed(pattern)
  return pattern + no_value
end

local function chain(operand, operator, fold)
  return Ct(operand * (Cp() * C(operator) * blank * needed(operand))^0) / fold
end

local function chain_of_words(operand, operator)
  return Ct(operand * (Cp() * C(operator) * -(letter + R "09") * blank * needed(operand))^0) / fold_flat
end

local function make_call(at, func, arguments)
  arguments.tag, arguments.at, arguments.func = "call", at, func
  return arguments
end

local list_of_values = V "expression" * (symbol "," * needed(V "expression"))^0
local where = keyword "where" * Cg(needed(V "expression"), "where")
local arguments = Ct(where + list_of_values * where^-1 + P(true))
local call_of_function = Cp() * identifier * blank * bracketed("(", arguments, ")") / make_call
local column = Cp() * name / function(at, found) return { tag = "name", at = at, name = found } end

local sign = Ct((Cp() * C(P "-" - "--" + P "not" * -(letter + R "09")) * blank)^0)
local members = bracketed("{", Ct(list_of_values^-1), "}") + Ct(parameter) * blank
  + failing "expected a list after 'in', such as {'UG', 'PGT'} or $list"
local membership = Cp() * (Cc "in" * keyword "in" + Cc "not in" * keyword "not" * keyword "in") * members

-- Faults behind the sign are shown without what stands before it.
local start_here = Cmt(Carg(1), function(_, at, state)
  state.start = at
  return at, at
end)
local assignment = Ct(name * symbol(P "=" - "==") * start_here)
-- Each level is a rule: what it stands for is compiled once, however often it is named.
local grammar = P {
  "formula",
  formula = Ct(blank * (assignment + Cc(false)) * needed(V "expression") * (-P(1) + trailing)),
  expression = Cmt(V "disjunction", function(_, at, tree) return at,
    tree end), -- made at once: LPeg nests captures but so deep
  disjunction = chain_of_words(V "conjunction", P "or"),
  conjunction = chain_of_words(V "comparison", P "and"),
  comparison = Ct(V "joined" * (Cp() * C(P "==" + "~=" + "<=" + ">=" + (P "<" - "<>") + ">") * blank
    * needed(V "joined") + membership)^0) / fold_comparison,
  joined = chain(V "sum", P "..", fold_flat),
  sum = chain(V "product", P "+" + (P "-" - "--"), fold_left),
  product = chain(V "signed", P "//" + S "*/%", fold_left),
  signed = sign * V "power" / wrap_unary + #(P "-" + keyword "not") * sign * no_value,
  power = Ct(V "primary" * (Cp() * symbol "^" * sign * needed(V "primary"))^0) / fold_power,
  primary = (number * after_number + text + parameter) * blank + constant + call_of_function + column
    + bracketed("(", needed(V "expression"), ")"),
}

--- Matches a formula.
-- @function grammar
-- @tparam string source
-- @tparam table state { source =, depth = 0, start = (where the expression begins), which is changed }
-- @treturn table { { name of the result } or false, tree }
local function match(source, state)
  lpeg.setmaxstack(STACK)
  return grammar:match(source, 1, state)
end

-- LPeg compiles a pattern when it first matches. Here a refusal of memory ends the loading; later it would leave the
-- pattern half compiled, and the next formula would run into it.
match("1", { source = "1", depth = 0, start = 1 })

return match
