-- The library keeps to what 5.1 to 5.4 share; what only some of them have is asked for before it is used.
std = "min"
read_globals = { "unpack", math = { fields = { "type", "maxinteger" } }, table = { fields = { "unpack" } } }
max_line_length = 120
files["spec"] = { std = "lua54+busted", max_line_length = 150 }
files["bench"] = { std = "lua54" }
files["examples"] = { std = "lua54" }
exclude_files = { "build*", "bench/.cache" }
