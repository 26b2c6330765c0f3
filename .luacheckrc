std = "min"
max_line_length = 120
files["spec"] = { std = "lua54+busted", max_line_length = 150 }
files["bench"] = { std = "lua54" }
files["examples"] = { std = "lua54" }
exclude_files = { "build*" }
