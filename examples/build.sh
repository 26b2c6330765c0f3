# Shared by examples/run, spec/run and .ci/run: installing, building, running from the source tree.

# The packages among the arguments that are not there are installed; nothing is asked when all are.
install_missing() {
  missing=""
  for package in "$@"; do
    case "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)" in
      *"install ok installed") ;;
      *) missing="$missing $package" ;;
    esac
  done
  [ -n "$missing" ] || return 0
  as_root=""
  [ "$(id -u)" -eq 0 ] || as_root="sudo"
  echo "installing:$missing" >&2
  $as_root apt-get update -qq >&2
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >&2 || {
    echo "could not install:$missing" >&2
    exit 1
  }
}

# build FOLDER [cmake options]: quiet when all goes well.
build() {
  folder=$1
  shift
  log=$(mktemp)
  if ! { cmake -S . -B "$folder" "$@" && cmake --build "$folder" --parallel "$(nproc)"; } >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    exit 1
  fi
  rm -f "$log"
}

# in_tree FOLDER command...: with the module found in the source tree and the build folder, and nowhere else first.
in_tree() {
  folder=$1
  shift
  LUA_PATH_5_4="./lua/?.lua;./lua/?/init.lua;./?.lua;;" LUA_CPATH_5_4="./$folder/?.so;;" "$@"
}
