#!/bin/sh
# Checks the holdfast package that this file lies in, or the one in FOLDER, with a shell, awk, coreutils, openssl
# and ssh-keygen. It changes nothing: what it notes goes to a temporary folder, which it removes. Read it before you run it.
#
#   sh verify.sh [--signers FILE] [--tsa-ca FILE] [--against FILE] [FOLDER]
#
#   --signers FILE   the operator's key, a line in the form of OpenSSH's allowed_signers, from somewhere else than here
#   --tsa-ca FILE    the root certificates (PEM) of the time-stamp authorities, from somewhere else than here
#   --against FILE   the three lines of an older checkpoint that somebody kept
#
# Each step is one line: PASS, FAIL, ABSENT (nothing there to check) or UNCHECKED (there, but not checked to the end).
# Status: 1 a step failed; 3 none failed, but the signature or the time-stamps are absent or unchecked; 0 otherwise;
# 2 nothing is said: wrong use, a program is missing, a file may not be read, or the temporary folder is full. VERIFY.md says what each step shows and does not show, and how to do it by hand.

LC_ALL=C TZ=UTC0
export LC_ALL TZ
unset CDPATH
umask 077
namespace='holdfast-checkpoint@v1'

stop() {
  printf 'verify.sh: %s\n' "$1" >&2
  exit 2
}

usage='usage: sh verify.sh [--signers FILE] [--tsa-ca FILE] [--against FILE] [FOLDER]'
signers='' roots='' held='' folder=''
while [ $# -gt 0 ]; do
  case $1 in
    --signers | --tsa-ca | --against)
      if [ $# -lt 2 ] || [ -z "$2" ]; then stop "$usage"; fi
      case $1 in
        --signers) signers=$2 ;;
        --tsa-ca) roots=$2 ;;
        *) held=$2 ;;
      esac
      shift
      ;;
    -*) stop "$usage" ;;
    *)
      if [ -n "$folder" ]; then stop "$usage"; fi
      folder=$1
      ;;
  esac
  shift
done
if [ -z "$folder" ]; then
  case $0 in
    */*) folder=${0%/*}/ ;;
    *) folder=. ;;
  esac
fi

for tool in awk base64 basenc cat comm cut date head join mkdir mktemp mv paste rm sha256sum sha512sum sort split tail tr uniq wc \
  openssl ssh-keygen; do
  command -v "$tool" > /dev/null || stop "the program $tool is not there"
done
case $(openssl version) in
  'OpenSSL 0.'* | 'OpenSSL 1.0'*) stop 'this openssl is too old: it needs OpenSSL 1.1.1 or later' ;;
  'OpenSSL '*) ;;
  *) stop 'this openssl is not that of openssl.org, which it needs in version 1.1.1 or later' ;;
esac

# can PROGRAM FOUND EXPECTED: ends where a program of this name cannot do what is asked of it below, as some of BusyBox cannot.
can() {
  if [ "$2" != "$3" ]; then stop "the program $1 is not that of GNU coreutils, or lacks what this script needs"; fi
}

empty=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
can sha256sum "$(printf '%s  /dev/null\n' "$empty" | sha256sum --strict -c 2> /dev/null)" '/dev/null: OK'
can wc "$(printf '/dev/null\000' | wc -c --files0-from=- 2> /dev/null)" '0 /dev/null'
can date "$(date -u -d 'Jan  2 03:04:05 2026 GMT' +%s 2> /dev/null)" 1767323045
can basenc "$(printf 0AFF | basenc --base16 -d 2> /dev/null | basenc --base16 -w 0 2> /dev/null)" 0AFF
can base64 "$(printf 'Cg8=' | base64 -d 2> /dev/null | wc -c)" 2
can join "$(printf 'b 1\n' | join -1 2 -o 1.1,1.2 - /dev/null 2>&1)" ''
can sort "$(printf 'b  1\na 2\n' | sort -k 2b 2> /dev/null | sort -c -u 2>&1 | wc -l)" 1
can awk "$(printf 'a"\303\274\n' | awk '{ print gsub(/[\302-\337][\200-\277]/, ".") split($0, part, "\"") }' 2> /dev/null)" 12

work=$(mktemp -d) || stop 'no temporary folder can be made'
trap 'rm -rf -- "$work"' EXIT
trap 'exit 2' HUP INT TERM
case $work in
  /*) ;;
  *) work=$PWD/$work ;;
esac
mkdir -- "$work/leaf" "$work/node" "$work/time" "$work/when" "$work/stolen" || stop 'the temporary folder cannot be used'
for list in files folders notes ids keys rotations thefts captures owned tokens checkpoints stated leaves ends unsigned want sizes times found wanted; do
  : > "$work/$list"
done
if [ -n "$signers" ]; then cat < "$signers" > "$work/signers" || stop 'the file of --signers cannot be read'; fi
if [ -n "$roots" ]; then cat < "$roots" > "$work/roots" || stop 'the file of --tsa-ca cannot be read'; fi
if [ -n "$held" ]; then cat < "$held" > "$work/held" || stop 'the file of --against cannot be read'; fi
case $folder in
  /*) ;;
  *) folder=./$folder ;;
esac
cd "$folder" 2> /dev/null || stop 'the folder cannot be opened'

# ---- what is noted ----

# A list that is not written to its end would let through what should stand in it. So whatever writes one ends the script
# where it cannot, from within a pipe by a signal. A pipe whose reader has enough (SIGPIPE) is no such case.
lost() {
  if [ "$1" -eq 141 ]; then return 141; fi
  command printf 'verify.sh: the temporary folder is full, or cannot be written: nothing is said of the rest\n' >&2
  kill -s TERM "$$"
  exit 2
}
printf() { command printf "$@" || lost $?; }
for tool in awk cat comm cut head join mv paste sha256sum sort split tail tr uniq wc; do
  eval "$tool() { command $tool \"\$@\" || lost \$?; }"
done

# ---- what is said ----

failed='' signature='' tokens='' oldest='' older=''

# Keeps a detail for below the line of the step; what the package wrote cannot steer the terminal.
note() {
  case $1 in
    *[!A-Za-z0-9\ ._/:,-]*) ;;
    *)
      if [ ${#1} -le 300 ]; then
        printf '%s\n' "$1" >> "$work/notes"
        return
      fi
      ;;
  esac
  printf '%s' "$1" | tr -c ' -~' '?' | cut -c 1-300 >> "$work/notes"
}

# say STATE STEP WORDS
say() {
  # Some shells do not tell that they could not write.
  head -c 65536 /dev/zero > "$work/room" || lost 2
  rm -f -- "$work/room"
  printf '%-9s  %-12s  %s\n' "$1" "$2" "$3"
  count=0
  while IFS= read -r detail; do
    count=$((count + 1))
    if [ "$count" -le 20 ]; then printf '           %s\n' "$detail"; fi
  done < "$work/notes"
  if [ "$count" -gt 20 ]; then printf '           and %s more\n' "$((count - 20))"; fi
  : > "$work/notes"
  if [ "$1" = FAIL ]; then failed=yes; fi
}

# judge STEP WORDS-IF-GOOD WORDS-IF-BAD: bad when `bad` is not empty, or when there are details.
judge() {
  if [ -n "$bad" ] || [ -s "$work/notes" ]; then say FAIL "$1" "$3"; else say PASS "$1" "$2"; fi
  bad=''
}

finish() {
  if [ -n "$failed" ]; then
    printf '\n%s\n' 'At least one step failed: this package, or a part of it, is not as it says. See the lines above.'
    exit 1
  fi
  if [ "$signature" = PASS ] && [ "$tokens" = PASS ]; then
    trust='the key and the roots that you or your computer named'
  else
    trust='nothing but what the package brings along, where a line above says ABSENT or UNCHECKED'
  fi
  printf '\nChecked, against %s: %s; %s.\n' "$trust" \
    'the files are unchanged since the entries stated their hashes, and the entries are in the signed checkpoints' \
    "${oldest:-nothing here says by an outside word since when}"
  printf '%s\n' 'This script came with what it checks: whether it is the right one it cannot say. Compare it with one from elsewhere.'
  printf '%s\n' 'Not checked and not shown: what the footage is of, who made it, where and when; that the log is complete;' \
    "that its operator did not write it anew${older:+ behind the $older entries of the checkpoint you hold}."
  if [ "$signature" = PASS ] && [ "$tokens" = PASS ]; then exit 0; fi
  exit 3
}

digest() {
  sum=$(sha256sum < "$1")
  printf '%s' "${sum%% *}"
}

# is_number TEXT: decimal, no leading zero, at most 15 digits. Nothing else is ever calculated with.
is_number() {
  case $1 in
    '' | 0* | *[!0-9]* | ????????????????*) return 1 ;;
  esac
}

# is_hex TEXT LENGTH
is_hex() {
  case $1 in
    *[!0-9a-f]*) return 1 ;;
  esac
  [ ${#1} -eq "$2" ]
}

# is_path TEXT: one that a package may have.
is_path() {
  case /$1/ in
    *[!A-Za-z0-9._/-]* | *//* | *./*) return 1 ;;
    */[Cc][Oo][Nn][./]* | */[Pp][Rr][Nn][./]* | */[Aa][Uu][Xx][./]* | */[Nn][Uu][Ll][./]*) return 1 ;;
    */[Cc][Oo][Mm][1-9][./]* | */[Ll][Pp][Tt][1-9][./]*) return 1 ;;
  esac
  [ ${#1} -le 200 ]
}

is_plain_text() {
  [ "$(cat -- "$@" | tr -d '\n -~' | wc -c)" -eq 0 ]
}

# ---- names: before anything is read ----

# walk FOLDER/: every folder and file below it.
walk() {
  for found in "$1"* "$1".[!.]* "$1"..?*; do
    if [ -L "$found" ]; then
      note "$found is a link"
    elif [ ! -e "$found" ]; then
      continue
    elif ! is_path "$found"; then
      note "$found is a name that no package has"
    elif [ -d "$found" ]; then
      printf '%s\n' "$found" >> "$work/folders"
      if [ ! -r "$found" ] || [ ! -x "$found" ]; then stop "you may not open $found: nothing was checked"; fi
      walk "$found/"
    elif [ -f "$found" ]; then
      printf '%s\n' "$found" >> "$work/files"
      if [ ! -r "$found" ]; then stop "you may not read $found: nothing was checked"; fi
    else
      note "$found is neither a file nor a folder"
    fi
  done
}

bad=''
walk ''
for list in files folders; do sort -o "$work/$list" "$work/$list"; done
cat "$work/files" "$work/folders" | tr '[:upper:]' '[:lower:]' | sort | uniq -d > "$work/twins"
while IFS= read -r path; do note "$path: two names differ by capital letters alone"; done < "$work/twins"
judge names 'only folders and files, under names that a package may have' 'nothing else was read'
if [ -n "$failed" ]; then finish; fi

# ---- version ----

origin='' profile='' oxum='' known=0
if [ -f bag-info.txt ]; then
  tr '[:upper:]' '[:lower:]' < bag-info.txt | tr -d ' \t\r' > "$work/info"
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      'holdfast-package:'*) known=$((known + 1)) ;;
    esac
  done < "$work/info"
  while IFS= read -r line; do
    value=${line#*: }
    case $line in
      'Holdfast-Package: 1') known=$((known + 10)) ;;
      'Holdfast-Origin: '*) origin=$origin$value ;;
      'Holdfast-Profile: '*) profile=$profile$value ;;
      'Payload-Oxum: '*) oxum=$oxum$value ;;
      'External-Identifier: '*) printf '%s\n' "$value" >> "$work/ids" ;;
    esac
  done < bag-info.txt
fi
if [ "$known" -ne 11 ]; then
  say FAIL version 'bag-info.txt names no version that this script knows; nothing else was read'
  finish
fi
case $profile in
  redacted | with-annex) ;;
  *) note 'Holdfast-Profile is neither redacted nor with-annex' ;;
esac
judge version 'bag-info.txt says Holdfast-Package: 1, and of which profile' 'bag-info.txt says no profile that this script knows'

# ---- manifests: the files against the lists of their hashes ----

# is_manifest FILE LENGTH data|tags: every line is hash, two blanks and a path of this package in its place, and the paths
# rise. Leaves paths.
is_manifest() {
  [ -f "$1" ] || return 1
  while IFS= read -r line; do
    path=${line#*'  '}
    is_hex "${line%%'  '*}" "$2" || return 1
    is_path "$path" || return 1
    case $3:$path in
      data:data/*) ;;
      data:* | tags:data/* | tags:tagmanifest-*) return 1 ;;
    esac
  done < "$1"
  [ -z "$line" ] || return 1
  cut -d ' ' -f 3 "$1" > "$work/paths"
  command sort -c -u "$work/paths" 2> /dev/null
}

# check_manifests STEP PREFIX data|tags. Leaves lists of paths (listed) and of the hashes that were found so (actual).
check_manifests() {
  for sum in sha256:64 sha512:128; do
    list=$2-${sum%:*}.txt
    : > "$work/actual.$3"
    if ! is_manifest "$list" "${sum#*:}" "$3"; then
      note "$list is not there, or has a line that does not belong there: nothing was compared with it"
      : > "$work/listed.$3.${sum%:*}"
      continue
    fi
    mv -- "$work/paths" "$work/listed.$3.${sum%:*}"
    command "${sum%:*}sum" --strict -c "$list" < /dev/null > "$work/results" 2> /dev/null || bad=yes
    : > "$work/good"
    while IFS= read -r result; do
      case $result in
        *': OK') printf '%s\n' "${result%: OK}" >> "$work/good" ;;
        *) note "$list: $result" ;;
      esac
    done < "$work/results"
    if [ "$sum" = sha256:64 ]; then
      sort "$work/good" > "$work/good.sorted"
      sort -k 2b "$list" | join -1 2 -o 1.1,1.2 - "$work/good.sorted" | sort > "$work/kept.$3"
    fi
  done
  judge "$1" "each file has the SHA-256 and the SHA-512 that the two $2 files list" "a file is not as the $2 files have it"
}

: > "$work/kept.tags"
: > "$work/kept.data"
check_manifests tagmanifests tagmanifest tags
check_manifests manifests manifest data

# ---- complete: nothing extra, nothing missing ----

is_known() {
  case $1 in
    bagit.txt | bag-info.txt | VERIFY.md | verify.sh | proof/entries.jsonl | proof/allowed_signers) ;;
    manifest-sha256.txt | manifest-sha512.txt | tagmanifest-sha256.txt | tagmanifest-sha512.txt) ;;
    data/index.html | data/ro-crate-metadata.json | data/*/*) ;;
    proof/*/*/*) return 1 ;;
    proof/*/checkpoint | proof/*/checkpoint.sig | proof/*/signed | proof/*/witness-*.sig | proof/*/*.proof) ;;
    proof/*/?*.tsr | proof/*/?*.chain.pem | proof/*/?*.ots) ;;
    *) return 1 ;;
  esac
}

: > "$work/files.data"
: > "$work/files.tags"
while IFS= read -r path; do
  is_known "$path" || note "$path: no package has a file of this name"
  case $path in
    data/*) printf '%s\n' "$path" >> "$work/files.data" ;;
    tagmanifest-*) ;;
    *) printf '%s\n' "$path" >> "$work/files.tags" ;;
  esac
done < "$work/files"
for list in data tags; do
  for sum in sha256 sha512; do
    comm -23 "$work/files.$list" "$work/listed.$list.$sum" > "$work/extra"
    while IFS= read -r path; do note "$path is not listed ($sum)"; done < "$work/extra"
    comm -13 "$work/files.$list" "$work/listed.$list.$sum" > "$work/extra"
    while IFS= read -r path; do note "$path is listed ($sum) and not there"; done < "$work/extra"
  done
done
tr '\n' '\0' < "$work/files.data" | wc -c --files0-from=- > "$work/counted"
total=0 number=0
: > "$work/sizes.unsorted"
while read -r bytes path; do
  case $path in
    data/*)
      printf '%s %s\n' "$bytes" "$path" >> "$work/sizes.unsorted"
      total=$((total + bytes)) number=$((number + 1))
      ;;
  esac
done < "$work/counted"
sort "$work/sizes.unsorted" > "$work/sizes"
awk '
  /\r/ || !/^[A-Za-z0-9][^:]*:/ { print "bag-info.txt has a line that is no label and value" }
  /^Bagging-Date: [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]$/ { dated = 1 }
  /^External-Identifier: / { next }
  {
    label = tolower($0)
    sub(/:.*/, "", label)
    gsub(/[ \t]/, "", label)
    if (seen[label]++ || label == "external-identifier") print "bag-info.txt has " label " twice, or in two spellings"
  }
  END { if (!dated) print "bag-info.txt has no Bagging-Date" }
' bag-info.txt > "$work/extra"
while IFS= read -r line; do note "$line"; done < "$work/extra"
if [ -n "$(tail -c 1 bag-info.txt)" ]; then note 'bag-info.txt does not end with a line feed'; fi
if ! command sort -c -u "$work/ids" 2> /dev/null; then note 'bag-info.txt does not name the captures in ascending order'; fi
if [ "$oxum" != "$total.$number" ]; then note 'bag-info.txt: Payload-Oxum states another number of bytes or files'; fi
printf 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n' > "$work/bagit"
if [ ! -f bagit.txt ] || [ "$(digest bagit.txt)" != "$(digest "$work/bagit")" ]; then
  note 'bagit.txt is not the declaration of BagIt 1.0'
fi
judge complete 'nothing is there that the manifests do not list, and nothing is missing' 'a file is too many or too few'

# ---- entries: the lines of the log in this package ----

# What the entries say of each chosen capture, a file of its own for each: `of`/<id> has event and row. An id that is none gets no
# file, since its name comes from the package.
mkdir "$work/of"
is_id() {
  case $1 in
    *[!0-9A-Z-]*) return 1 ;;
    ????????-????????) ;;
    *) return 1 ;;
  esac
}

while IFS= read -r id; do
  if is_id "$id"; then : > "$work/of/$id"; fi
done < "$work/ids"

is_chosen() { is_id "$1" && [ -f "$work/of/$1" ]; }

# keep_key: the key that this entry names, and the size of the first checkpoint it signs. Of a key that it says was stolen,
# when that was.
keep_key() {
  if [ "${#line}" -gt 10000 ]; then return; fi
  case $line in
    *'"public_key":"'*) ;;
    *) return ;;
  esac
  key=${line#*'"public_key":"'}
  key=${key%%'"'*}
  first=$((seq + 1)) why=routine
  case $line in
    *'"event":"vault-created"'*) first=1 why=none ;;
    *'"previous":null'*)
      first=$seq why=none
      if [ -s "$work/keys" ]; then why=lost; fi
      ;;
    *'"reason":"lost"'* | *'"reason":"stolen"'*) first=$seq why=lost ;;
  esac
  case $key in
    *[!A-Za-z0-9+/=@.\ -]*) key=unreadable ;;
  esac
  case $event:$line in
    key-rotated:*'"reason":"stolen"'*) printf '%s %s\n' "$at" "${before:-none}" >> "$work/thefts" ;;
  esac
  before=$key
  printf '%s %s\n' "$first" "$key" >> "$work/keys"
  if [ "$why" != none ]; then printf '%s %s\n' "$seq" "$why" >> "$work/rotations"; fi
}

# take_entry: looks at one line. A quotation mark inside a text of JSON is written \", so "key":"value" as bare
# characters is a key and its value; `event` and all behind it are the last of their kind in the line.
# Only the first and last thousand bytes are searched: whoever made the line could make that take hours otherwise.
take_entry() {
  if [ "${#line}" -gt 4000000 ]; then
    note "line $row is longer than any entry"
    return
  fi
  front=$line rest=$line
  if [ "${#line}" -gt 1000 ]; then
    front=$(printf '%s' "$line" | { head -c 1000 && cat > /dev/null; })
    rest=$(printf '%s' "$line" | tail -c 1000)
  fi
  version=${rest##*',"version":"'}
  version=${version%%'"'*}
  rest=${rest##*',"event":"'}
  event=${rest%%'"'*}
  seq=${rest##*',"seq":'}
  seq=${seq%%,*}
  case $line in
    '{"actor":"'*',"v":1}') ;;
    *) seq='' ;;
  esac
  if ! is_number "$seq"; then
    note "line $row is no entry"
    return
  fi
  if [ "$seq" -le "$last" ]; then note "line $row: entry $seq stands behind entry $last"; fi
  last=$seq
  at=${front#*'","at":"'}
  at=${at%%'"'*}
  printf '%s %s %s\n' "$seq" "$((row + 10000000))" "$at" >> "$work/leaves"
  case $row:$seq:$event in
    1:1:vault-created)
      case $line in
        *'"schema":"1"'*) schema=1 ;;
      esac
      vault=${line#*'"vault_id":"'}
      vault=${vault%%'"'*}
      keep_key
      ;;
    1:* | *:vault-created) note "line $row: the first entry, and only it, makes the vault" ;;
    *:key-rotated) keep_key ;;
    *:export-begun)
      if [ -n "$begun" ]; then note "entry $begun is the list of an older package"; fi
      begun=$seq begun_row=$((row + 10000000))
      ;;
    *:token) printf '%s\n' "$((row + 10000000))" >> "$work/tokens" ;;
    *:capture | *:capture-failed | *:derive | *:derive-failed | *:recovery | *:annotate | *:redact)
      case $line in
        *'"capture":"'*) id=${line#*'"capture":"'} ;;
        *) id='' ;;
      esac
      id=${id%%'"'*}
      if is_chosen "$id"; then
        printf '%s %s %s\n' "$event" "$id" "$((row + 10000000))" >> "$work/captures"
        printf '%s %s\n' "$event" "$((row + 10000000))" >> "$work/of/$id"
        case $event in
          capture | capture-failed | derive | redact)
            printf '%s %s %s %s\n' "$id" "$((row + 10000000))" "$event" "$version" >> "$work/stated"
            ;;
        esac
        printf '%s %s %s\n' "$id" "$((seq + 1000000000000000))" "$event" >> "$work/owned"
      else
        note "entry $seq is about a capture that bag-info.txt does not name"
      fi
      ;;
    *) note "entry $seq does not belong into a package" ;;
  esac
}

# Prints the number of each line that has not the one form that an entry may have (FORMAT.md, section 4.1): UTF-8, no blanks,
# keys that rise, whole numbers, and nothing escaped in a text but what must be.
canonical='
function is_text(text) {
  gsub(/\\[bfnrt]|\\u00(0[0-7be-f]|1[0-9a-f])/, "", text)
  if (text ~ /\\/) return 0
  gsub(/[\302-\337][\200-\277]|\340[\240-\277][\200-\277]|\355[\200-\237][\200-\277]/, ".", text)
  gsub(/[\341-\354\356\357][\200-\277][\200-\277]|\360[\220-\277][\200-\277][\200-\277]/, ".", text)
  gsub(/[\361-\363][\200-\277][\200-\277][\200-\277]|\364[\200-\217][\200-\277][\200-\277]/, ".", text)
  return text !~ /[\200-\377]/
}
function is_whole(number) {
  if (number !~ /^(0|-?[1-9][0-9]*)$/) return 0
  sub(/^-/, "", number)
  return length(number) < 16 || (length(number) == 16 && (number "") <= "9007199254740991")
}
function ended() { want = depth == 0 ? "nothing" : "more" }
function take_text(text) {
  if (want !~ /key/) { if (want !~ /value/ || !is_text(text)) return 0; ended(); return 1 }
  if (text ~ /[^\001\002 -~]|\\/) return 0
  gsub(/\001/, "\\", text)
  gsub(/\002/, "\"", text)
  if (keys[depth]++ && (text "") <= (last[depth] "")) return 0
  last[depth] = text
  if (depth == 1) top = top " " text
  want = "colon"
  return 1
}
function take_mark(mark) {
  if (mark == "{" || mark == "[") {
    if (want !~ /value/ || depth == 64) return 0
    kind[++depth] = mark
    keys[depth] = 0
    want = mark == "{" ? "key or end" : "value or end"
  } else if (mark == "}" || mark == "]") {
    if (depth == 0 || kind[depth] != (mark == "}" ? "{" : "[") || want !~ /end|more/) return 0
    depth--
    ended()
  } else if (mark == ",") {
    if (want != "more") return 0
    want = kind[depth] == "{" ? "key" : "value"
  } else if (mark == ":") {
    if (want != "colon") return 0
    want = "value"
  } else {
    if (want !~ /value/ || (mark !~ /^(true|false|null)$/ && !is_whole(mark))) return 0
    ended()
  }
  return 1
}
function is_entry(line, part, mark, count, marks, i, j) {
  if (line ~ /[\001-\037]/) return 0
  # Then every quotation mark begins or ends a text.
  gsub(/\\\\/, "\001", line)
  gsub(/\\"/, "\002", line)
  count = split(line, part, "\"")
  depth = 0
  want = "value"
  top = ""
  for (i = 1; i <= count; i++) {
    if (i % 2 == 0) { if (!take_text(part[i])) return 0; continue }
    gsub(/[][{},:]/, "\n&\n", part[i])
    marks = split(part[i], mark, "\n")
    for (j = 1; j <= marks; j++) if (mark[j] != "" && !take_mark(mark[j])) return 0
  }
  return want == "nothing" && count % 2 == 1 && top == " actor at body event prev seq tool v"
}
!is_entry($0) { print FNR }
'

row=0 last=0 vault='' schema='' begun='' begun_row='' line='' before=''
if [ -f proof/entries.jsonl ]; then
  while IFS= read -r line; do
    row=$((row + 1))
    printf '\000%s\n' "$line" > "$work/leaf/$((row + 10000000))"
    take_entry
  done < proof/entries.jsonl
  if [ -n "$line" ]; then note 'the last line does not end with a line feed'; fi
  awk "$canonical" proof/entries.jsonl > "$work/odd" || note 'proof/entries.jsonl cannot be read'
  while read -r odd; do note "line $odd is not in the one form that an entry may have"; done < "$work/odd"
fi
if [ "$row" -eq 0 ]; then
  note 'proof/entries.jsonl has no entry'
elif [ "$(cat "$work"/leaf/* | tr -d '\000' | sha256sum)" != "$(sha256sum < proof/entries.jsonl)" ]; then
  note 'proof/entries.jsonl has a byte that no entry has'
fi
while IFS= read -r id; do
  if ! is_chosen "$id"; then
    note 'bag-info.txt names a capture that has no name of one'
    continue
  fi
  there=''
  while read -r event at; do
    case $event in
      capture | capture-failed) there=yes ;;
    esac
  done < "$work/of/$id"
  if [ -z "$there" ]; then note "no entry here says that $id was captured"; fi
  if [ ! -d "data/$id" ]; then note "there is no folder data/$id"; fi
done < "$work/ids"
if [ ! -s "$work/ids" ]; then note 'bag-info.txt names no capture'; fi
# An id is captured once, and a version is brought once, behind the entry of its capture (FORMAT.md, section 4.4).
sort "$work/stated" > "$work/ordered"
before=''
while read -r name row event version; do
  if [ "$name" != "$before" ]; then before=$name there='' captured=''; fi
  case $event in
    derive | redact)
      if [ -z "$captured" ]; then note "an entry brings a version of $name before any says that it was captured"; fi
      ;;
    *)
      if [ -n "$there" ]; then note "more than one entry says that $name was captured, or was not"; fi
      there=yes
      if [ "$event" = capture ]; then captured=yes; fi
      ;;
  esac
done < "$work/ordered"
while read -r name row event version; do
  if [ "$event" != capture-failed ]; then printf '%s %s\n' "$name" "$version"; fi
done < "$work/stated" | sort | uniq -d > "$work/twice"
while read -r name version; do note "more than one entry brings $version of $name"; done < "$work/twice"
judge entries 'the entries are in order, and about the captures of this package only' 'the entries are not those of this package'

# ---- checkpoints: read here, said below ----

# read_checkpoint FILE: sets one, size and three, its lines, if they are in order.
read_checkpoint() {
  [ -f "$1" ] || return 1
  [ -n "$plain" ] || is_plain_text "$1" || return 1
  four=''
  { IFS= read -r one && IFS= read -r size && IFS= read -r three && ! IFS= read -r four && [ -z "$four" ]; } < "$1" || return 1
  is_number "$size" || return 1
  # 32 bytes: of the last character's six bits, two are nobody's.
  case $three in
    *[!A-Za-z0-9+/]*= | *[!AEIMQUYcgkosw048]=) return 1 ;;
    *=) ;;
    *) return 1 ;;
  esac
  [ ${#three} -eq 44 ]
}

# is_name_of NAME SIZE: the size in six digits, or in as many as it takes.
is_name_of() {
  case ${#1}:$1 in
    [1-5]:* | [!6]:0* | ??:0*) return 1 ;;
  esac
  [ "${1#"${1%%[!0]*}"}" = "$2" ]
}

# to_hex: of lines `size name root` with the root in base64, the same with the root in hex.
to_hex() {
  awk '
    BEGIN { digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" }
    {
      root = ""
      for (i = 1; i < 44; i += 4) {
        number = 0
        for (j = i; j < i + 4; j++) {
          place = index(digits, substr($3, j, 1))
          number = number * 64 + (place ? place - 1 : 0)
        }
        root = root sprintf("%06x", number)
      }
      print $1, $2, substr(root, 1, 64)
    }'
}

: > "$work/problems"
: > "$work/read"
mkdir -- "$work/both"
skipped='' plain=''
# One reading shows that all are plain text, and saves one of each.
set --
for path in proof/*/checkpoint; do
  if [ -f "$path" ]; then set -- "$@" "$path"; fi
done
if [ $# -gt 0 ] && is_plain_text "$@"; then plain=yes; fi
for path in proof/*/; do
  [ -d "$path" ] || continue
  path=${path%/}
  name=${path#proof/}
  if ! read_checkpoint "$path/checkpoint" || ! is_name_of "$name" "$size"; then
    printf '%s\n' "$path/checkpoint is not there, or is no checkpoint under its number" >> "$work/problems"
    skipped=yes
    continue
  fi
  printf '%s %s %s\n' "$size" "$name" "$three" >> "$work/read"
  if [ "$one" != "$origin" ] || [ "$one" != "holdfast/$vault" ]; then
    printf '%s\n' "$path/checkpoint is of another vault than bag-info.txt and entry 1 say" >> "$work/problems"
  fi
  if [ -f "$path/checkpoint.sig" ]; then cat "$path/checkpoint" "$path/checkpoint.sig" > "$work/both/$name"; fi
done
plain=''
to_hex < "$work/read" > "$work/checkpoints"
(cd "$work/both" && if [ "$(printf '%s' *)" != '*' ]; then sha256sum -- *; fi) > "$work/sums"
while read -r hash name; do
  printf '%s  proof/%s/signed\n' "$hash" "$name"
  if [ ! -f "proof/$name/signed" ]; then printf 'proof/%s/signed: not there\n' "$name" >> "$work/unsigned"; fi
done < "$work/sums" > "$work/due"
if [ -s "$work/due" ]; then command sha256sum --strict -c "$work/due" 2> /dev/null < /dev/null >> "$work/unsigned" || :; fi
while IFS= read -r line; do
  case $line in
    *': OK') ;;
    *) printf '%s\n' "${line%%:*} is not checkpoint and signature one after the other" >> "$work/problems" ;;
  esac
done < "$work/unsigned"
sort -n -o "$work/checkpoints" "$work/checkpoints"
newest=$(tail -n 1 "$work/checkpoints" | cut -d ' ' -f 1)

# ---- inclusion: from each entry to the root of each checkpoint (RFC 9162, 2.1.3.2) ----

# read_proof FILE SEQ SIZE: sets steps, the hashes with blanks between them.
read_proof() {
  steps=''
  [ -f "$1" ] || return 1
  {
    IFS= read -r title || return 1
    IFS= read -r leaf || return 1
    IFS= read -r tree || return 1
    [ "$title/$leaf/$tree" = "holdfast-inclusion 1/$2/$3" ] || return 1
    while IFS= read -r step; do
      is_hex "$step" 64 || return 1
      steps="$steps $step"
      [ ${#steps} -le 8192 ] || return 1
    done
    [ -z "$step" ]
  } < "$1"
}

# note_odd FILE...: those that are not plain text. One reading shows that none is.
note_odd() {
  if is_plain_text "$@"; then return; fi
  for odd in "$@"; do is_plain_text "$odd" || note "$odd is no proof"; done
}

# One line for each proof under way: hash so far, checkpoint, seq, place, last place, hashes to come.
: > "$work/state"
some=''
while read -r size name root; do
  for path in "proof/$name"/*.proof; do
    [ -f "$path" ] || continue
    printf '%s\n' "$path" >> "$work/found"
    # No name has a blank, and a command line takes only so many of them.
    some="$some $path"
    if [ ${#some} -gt 30000 ]; then
      note_odd $some
      some=''
    fi
  done
  while read -r seq row at; do
    if [ "$seq" -gt "$size" ]; then
      if [ "$size" = "$newest" ]; then note "entry $seq is not in the newest checkpoint"; fi
      continue
    fi
    printf '%s\n' "proof/$name/$seq.proof" >> "$work/wanted"
    if read_proof "proof/$name/$seq.proof" "$seq" "$size"; then
      printf '%s %s %s %s %s%s\n' "$row" "$name" "$seq" "$((seq - 1))" "$((size - 1))" "$steps" >> "$work/state"
    else
      note "proof/$name/$seq.proof is not there, or is no proof of this entry"
    fi
  done < "$work/leaves"
done < "$work/checkpoints"
if [ -n "$some" ]; then note_odd $some; fi
for list in found wanted; do sort -o "$work/$list" "$work/$list"; done
comm -23 "$work/found" "$work/wanted" > "$work/extra"
while IFS= read -r path; do note "$path belongs to no entry"; done < "$work/extra"
if [ -s "$work/state" ]; then
  (cd "$work/leaf" && sha256sum -- *) > "$work/hashes"
  while read -r hash row; do printf '%s %s\n' "$row" "$hash"; done < "$work/hashes" > "$work/rows"
  sort "$work/state" | join "$work/rows" - | cut -d ' ' -f 2- > "$work/next"
  mv -- "$work/next" "$work/state"
fi
# All proofs go up by one node at a time, so that one sha256sum serves them all; many proofs share their nodes.
while [ -s "$work/state" ]; do
  awk -v ends="$work/ends" '
    NF < 6 { print $2, $3, $5, $1 >> ends; next }
    $5 == 0 { print $2, $3, "too-long", "-" >> ends; next }
    {
      place = $4
      end = $5
      if (place % 2 == 1 || place == end) {
        node = "01" $6 $1
        while (place % 2 == 0 && place > 0) { place /= 2; end = int(end / 2) }
      } else node = "01" $1 $6
      rest = ""
      for (i = 7; i <= NF; i++) rest = rest " " $i
      printf "%s %s %s %.0f %.0f%s\n", node, $2, $3, int(place / 2), int(end / 2), rest
    }' "$work/state" | sort > "$work/next"
  : > "$work/state"
  cut -d ' ' -f 1 "$work/next" | uniq > "$work/nodes"
  if [ -s "$work/nodes" ]; then
    rm -rf -- "$work/node"
    mkdir -- "$work/node"
    tr -d '\n' < "$work/nodes" | tr 'a-f' 'A-F' | basenc --base16 -d | split -a 8 -b 65 - "$work/node/n"
    (cd "$work/node" && sha256sum -- *) | cut -c 1-64 | paste -d ' ' "$work/nodes" - | join - "$work/next" | cut -d ' ' -f 2- > "$work/state"
  fi
done
awk '
  NR == FNR { root[$2] = $3; next }
  $3 "" != "0" || $4 "" != root[$1] "" { print "proof/" $1 "/" $2 ".proof does not lead from entry " $2 " to the root of this checkpoint" }
' "$work/checkpoints" "$work/ends" > "$work/extra"
while IFS= read -r line; do note "$line"; done < "$work/extra"
if [ ! -s "$work/checkpoints" ] || [ ! -s "$work/leaves" ]; then note 'there is no checkpoint, or no entry'; fi
judge inclusion "each entry is in the log whose newest checkpoint here has ${newest:-no} entries" \
  'an entry is not shown to be in the log that the checkpoints are of'

while IFS= read -r line; do note "$line"; done < "$work/problems"
if [ ! -s "$work/checkpoints" ]; then note 'there is no checkpoint'; fi
judge checkpoints "their three lines are in order, and of the log $origin" 'a checkpoint is not as this log would have it'

# The time that the log states of the last entry here that each checkpoint covers.
seq=0 row='' at='' when=''
while read -r size name root; do
  while [ "${seq:-0}" -le "$size" ] && [ -n "$seq" ]; do
    case $at in
      *[!0-9TZ:.-]*) when='' ;;
      *) when=$at ;;
    esac
    read -r seq row at <&3 || seq=''
  done
  printf '%s\n' "$when" > "$work/when/$name"
done < "$work/checkpoints" 3< "$work/leaves"

# ---- list: whether all entries of these captures are here ----

# put_due WITH-ANNOTATIONS: the text that the list must be, from the entries that are here.
put_due() {
  printf '"body":{"annotations":%s,"captures":[' "$1"
  id=''
  while read -r owner number event; do
    if [ "$1:$event" = false:annotate ]; then continue; fi
    if [ "$owner" = "$id" ]; then
      printf ',%s' "$((number - 1000000000000000))"
    else
      if [ -n "$id" ]; then printf ']},'; fi
      id=$owner
      printf '{"capture":"%s","entries":[%s' "$id" "$((number - 1000000000000000))"
    fi
  done < "$work/owned"
  printf ']}]},"event":"export-begun","prev":"'
}

# note_differences: which entries the list and this package do not both have.
note_differences() {
  id=''
  tr '{}[],' '\n' < "$work/listline" | while IFS= read -r piece; do
    case $piece in
      '"capture":"'*) id=${piece#'"capture":"'} id=${id%'"'} ;;
      *) if is_number "$piece"; then printf '%s %s\n' "$id" "$((piece + 1000000000000000))"; fi ;;
    esac
  done | sort > "$work/named"
  while read -r owner number event; do
    if [ "$1:$event" = false:annotate ]; then continue; fi
    printf '%s %s\n' "$owner" "$number"
  done < "$work/owned" > "$work/here"
  comm -23 "$work/named" "$work/here" > "$work/extra"
  while read -r owner number; do
    note "entry $((number - 1000000000000000)) of $owner is in the list of entry $begun, and it is not here"
  done < "$work/extra"
  comm -13 "$work/named" "$work/here" > "$work/extra"
  while read -r owner number; do
    note "entry $((number - 1000000000000000)) of $owner is here, and not in the list of entry $begun"
  done < "$work/extra"
  if [ ! -s "$work/notes" ]; then note "entry $begun is not written as a list of entries is"; fi
}

# check_list: the list must be the text that the entries here make, and the last entry of the newest checkpoint.
check_list() {
  if [ "$begun" != "$newest" ]; then note "the list, entry $begun, is not the last entry of the newest checkpoint"; fi
  front=$(head -c 1001 "$work/leaf/$begun_row" | tr -d '\000')
  front=${front%%',"body":'*}
  tail -c "+$((${#front} + 3))" "$work/leaf/$begun_row" > "$work/listline"
  with=false
  case $(head -c 27 "$work/listline") in
    '"body":{"annotations":true,') with=true ;;
  esac
  put_due "$with" > "$work/due"
  if [ "$(head -c "$(wc -c < "$work/due")" "$work/listline" | sha256sum)" != "$(sha256sum < "$work/due")" ]; then
    note_differences "$with"
  fi
  while read -r owner number event; do
    if [ "$with:$event" = false:annotate ]; then
      note "entry $((number - 1000000000000000)) is an annotation, and the list of entry $begun has none"
    fi
  done < "$work/owned"
  cut -d ' ' -f 1 "$work/owned" | sort -u > "$work/owners"
  sort "$work/ids" | comm -3 - "$work/owners" > "$work/extra"
  while read -r id; do note "bag-info.txt and the entries are not about the same captures: $id"; done < "$work/extra"
}

# note_undecoded: what nobody can tell where no derivation was made, or where it was left out.
note_undecoded() {
  while read -r event id row; do
    if [ "$event" = derive ]; then printf '%s\n' "$id"; fi
  done < "$work/captures" | sort -u > "$work/derived"
  sort -u "$work/ids" | comm -23 - "$work/derived" > "$work/extra"
  while read -r id; do note "nothing here says whether the clip of $id decodes whole"; done < "$work/extra"
}

sort -o "$work/owned" "$work/owned"
if [ -n "$begun" ]; then
  check_list
elif [ "$schema" != 1 ]; then
  note 'the entry that lists which entries belong here was left out'
fi
if [ -s "$work/notes" ]; then
  say FAIL list 'an entry of these captures was left out or put in'
elif [ -n "$begun" ]; then
  note_undecoded
  if [ "$with" = false ]; then note 'whether anybody noted something about these captures is not shown here'; fi
  say PASS list "each entry of these captures that the log had is here, as its entry $begun lists them"
else
  note_undecoded
  say ABSENT list \
    'this log lists them nowhere: derivations, redactions, recoveries and annotations can have been left out'
fi

# ---- tokens: first of all the times, which the signatures are then checked for ----

# is_whole FILE: one value of DER, and nothing behind it.
is_whole() {
  begin=$(head -c 5 "$1" | basenc --base16 -w 0)
  case $begin in
    30[0-7]*) begin=${begin#30} begin=${begin%"${begin#??}"} head=2 ;;
    3081*) begin=${begin#3081} begin=${begin%"${begin#??}"} head=3 ;;
    3082*) begin=${begin#3082} begin=${begin%"${begin#????}"} head=4 ;;
    3083??????) begin=${begin#3083} head=5 ;;
    *) return 1 ;;
  esac
  [ "$(wc -c < "$1")" -eq $((0x$begin + head)) ]
}

# read_time FILE: sets epoch and stated from the token in a response. The response around it is signed by nobody.
# Leaves the token, unless it has read this file before.
read_time() {
  while read -r path_read epoch stated; do
    if [ "$path_read" = "$1" ]; then return; fi
  done < "$work/times"
  is_whole "$1" || return 1
  openssl ts -reply -in "$1" -token_out -out "$work/token" < /dev/null > /dev/null 2>&1 || return 1
  openssl ts -reply -in "$work/token" -token_in -text < /dev/null > "$work/text" 2> /dev/null || return 1
  stated='' imprint=''
  while IFS= read -r line; do
    case $line in
      'Hash Algorithm: '*) imprint=${imprint:-${line#Hash Algorithm: }} ;;
      'Time stamp: '*) stated=${stated:-${line#Time stamp: }} ;;
    esac
  done < "$work/text"
  case $stated in
    '' | *[!A-Za-z0-9:.\ ]*) return 1 ;;
  esac
  [ "$imprint" = sha256 ] || return 1
  stated=$(date -u -d "$stated" '+%s %Y-%m-%dT%H:%M:%S' 2> /dev/null) || return 1
  epoch=${stated%% *} stated=${stated#* }
  printf '%s %s %s\n' "$1" "$epoch" "$stated" >> "$work/times"
}

# leads_to OPTIONS...: whether the token at `path` is over the signed checkpoint and its chain leads there.
leads_to() {
  if [ -f "$chain" ]; then set -- -untrusted "$chain" "$@"; fi
  openssl ts -verify -data "$signed" -in "$path" -attime "$epoch" "$@" < /dev/null > /dev/null 2>&1
}

# leads_to_system: to a root that this computer came with.
leads_to_system() {
  if [ -z "$store" ]; then
    store=$(openssl version -d)
    store=${store#*'"'}
    store=${store%'"'*}
  fi
  set --
  if [ -d "$store/certs" ]; then set -- -CApath "$store/certs"; fi
  if [ -f "$store/cert.pem" ]; then set -- "$@" -CAfile "$store/cert.pem"; fi
  if [ $# -eq 0 ]; then return 1; fi
  leads_to "$@"
}

# leads_to_itself: to certificates that came with it.
leads_to_itself() {
  openssl pkcs7 -inform DER -in "$work/token" -print_certs < /dev/null > "$work/own" 2> /dev/null || return 1
  if [ -f "$chain" ]; then cat "$chain" >> "$work/own"; fi
  leads_to -partial_chain -CAfile "$work/own"
}

# is_possible: whether the token at `path` is not far older than what it covers. A clock may be wrong by days, not by a month.
is_possible() {
  read -r when < "$work/when/$name" || when=''
  written=$(date -u -d "${when:-now}" +%s 2> /dev/null) || return 0
  if [ -z "$when" ] || [ $((written - epoch)) -le 86400 ]; then return 0; fi
  note "$path states ${stated}Z, $(((written - epoch) / 86400)) days before the last entry that it covers was written"
  [ $((written - epoch)) -le 2678400 ]
}

# judge_token: the token at `path` over the checkpoint of `size`. Only a time under a trusted root is kept, or said.
judge_token() {
  chain=${path%.tsr}.chain.pem
  if ! read_time "$path"; then
    verdict=wrong
    note "$path is no time-stamp over a SHA-256, or has something behind it"
    return
  elif [ -n "$roots" ] && leads_to -CAfile "$work/roots"; then
    verdict=good by='under a root that you named'
  elif [ -z "$roots" ] && leads_to_system; then
    verdict=good by="under a root that this computer came with"
  elif ! leads_to_itself; then
    verdict=wrong
    note "$path is not over this checkpoint and its signature, or is not signed by an authority for time-stamps"
    return
  elif [ -n "$roots" ]; then
    verdict=wrong
    note "$path does not lead to a root in the file of --tsa-ca"
    return
  else
    verdict=open
    note "$path states ${stated}Z; its certificate leads to no root that you named, so that time decides nothing"
  fi
  if ! is_possible; then
    verdict=wrong
    return
  fi
  if [ "$verdict" != good ]; then return; fi
  note "$path: the checkpoint of $size entries existed not later than ${stated}Z, $by"
  if [ ! -s "$work/time/$name" ] || [ "$epoch" -lt "$(cat "$work/time/$name")" ]; then
    printf '%s\n' "$epoch" > "$work/time/$name"
  fi
  if [ "$epoch" -lt "${first:-9999999999999}" ]; then
    first=$epoch
    oldest="the checkpoint of $size entries existed not later than ${stated}Z"
  fi
}

# judge_calendar: of an OpenTimestamps proof, only whether it is over these bytes.
judge_calendar() {
  begin=004F70656E54696D657374616D7073000050726F6F6600BF89E2E884E892940108
  begin=$begin$(digest "$signed" | tr 'a-f' 'A-F')
  if [ "$(head -c 65 "$path" | basenc --base16 -w 0)" = "$begin" ]; then
    verdict=open
    note "$path: over this checkpoint; the Bitcoin block it ends in was not looked up"
  else
    verdict=wrong
    note "$path is not over this checkpoint and its signature"
  fi
}

# field KEY: of a token's entry in `line`, a text or a number.
field() {
  case $line in
    *"\"$1\":"*) ;;
    *) return ;;
  esac
  value=${line#*"\"$1\":"}
  case $value in
    '"'*) value=${value#'"'} value=${value%%'"'*} ;;
    *) value=${value%%[,\}]*} ;;
  esac
  printf '%s' "$value"
}

# judge_logged ROW: the token that an entry names must be here, and say what the entry says.
judge_logged() {
  line=$(tr -d '\000' < "$work/leaf/$1")
  name=$(field path)
  name=${name#log/}
  path=proof/${name%%.*}/${name#*.}
  if ! is_path "$path" || [ ! -f "$path" ] || [ ! -f "proof/${name%%.*}/checkpoint" ]; then
    note "an entry names the token $path, and it is not there"
  elif [ "$(digest "$path")" != "$(field sha256)" ] || [ "$(wc -c < "$path")" -ne "$(field bytes)" ]; then
    note "$path is not the token that its entry names"
  elif [ "$(field kind)" = rfc3161 ]; then
    at=$(field gen_time)
    if read_time "$path" && [ "${at%.*}" = "$stated" ]; then return; fi
    note "$path has another time than its entry states"
  else
    return
  fi
  wrong=yes
}

good='' open='' wrong='' first='' store=''
while read -r size name root; do
  signed=$work/both/$name
  if [ ! -f "$signed" ]; then signed=proof/$name/checkpoint; fi
  for path in "proof/$name"/*.tsr "proof/$name"/*.ots; do
    [ -f "$path" ] || continue
    case $path in
      *.tsr) judge_token ;;
      *) judge_calendar ;;
    esac
    case $verdict in
      good) good=yes ;;
      open) open=yes ;;
      *) wrong=yes ;;
    esac
  done
done < "$work/checkpoints"
while read -r row; do judge_logged "$row"; done < "$work/tokens"
if [ -n "$wrong" ]; then
  tokens=FAIL
  say FAIL tokens 'a time-stamp is not there, or not good'
elif [ -n "$good$open" ] && [ -n "$skipped" ]; then
  tokens=UNCHECKED
  say UNCHECKED tokens 'a checkpoint that is none was left out'
elif [ -n "$good" ]; then
  tokens=PASS
  say PASS tokens 'the time-stamps are over these checkpoints and their signatures'
elif [ -n "$open" ]; then
  tokens=UNCHECKED
  say UNCHECKED tokens 'they fit, but who made them is unknown: get the root certificates from elsewhere and give --tsa-ca'
else
  tokens=ABSENT
  say ABSENT tokens 'there is no time-stamp: nobody but the operator says when'
fi

# ---- signature ----

# signed_by SIGNERS [OPTION...]: whether the file allows the signature over the checkpoint in proof/`name`.
signed_by() {
  allowed=$1
  shift
  ssh-keygen -Y verify -f "$allowed" -I "$origin" -n "$namespace" -s "proof/$name/checkpoint.sig" "$@" \
    < "proof/$name/checkpoint" > "$work/words" 2> /dev/null
}

# key_for SIZE: sets key to the one in force for that size, and print to its fingerprint.
key_for() {
  before=$key key=''
  while read -r first line; do
    if [ "$first" -le "$1" ]; then key=$line; fi
  done < "$work/keys"
  if [ "$key" = "$before" ]; then return; fi
  printf '%s namespaces="%s" %s\n' "$origin" "$namespace" "$key" > "$work/inforce"
  printf '%s\n' "$key" > "$work/key"
  print=$(ssh-keygen -l -f "$work/key" 2> /dev/null | cut -d ' ' -f 2)
}

# signed_at_once: whether the trusted file allows the signature at `stated`, by the very key in force. That is all there is to
# ask of nearly every one.
signed_at_once() {
  if [ -z "$print" ] || is_marked || ! signed_by "$trusted" "-Overify-time=$stated"; then return 1; fi
  IFS= read -r line < "$work/words"
  case $line in
    *-CERT\ *) return 1 ;;
    *" key $print") ;;
    *) return 1 ;;
  esac
}

# sort_signers: the lines that end in the word `stolen`, which ssh-keygen takes for a comment.
sort_signers() {
  while read -r line || [ -n "$line" ]; do
    line=${line%"$cr"}
    case $line in
      '#'*) ;;
      *[\ "$tab"]stolen) printf '%s\n' "$line" >> "$work/marked" ;;
    esac
  done < "$trusted"
}

# is_marked: whether one of them is of `key`.
is_marked() {
  while IFS= read -r line; do
    case $line in
      *"${key#* }"*) return 0 ;;
    esac
  done < "$work/marked"
  return 1
}

# is_after_theft: whether the log says that `key` was stolen, and no time-stamp shows this signature to be older.
is_after_theft() {
  while read -r at line; do
    if [ "$line" != "$key" ]; then continue; fi
    theft=$(date -u -d "$at" +%s 2> /dev/null) || return 0
    if [ -z "$stamp" ] || [ "$stamp" -ge "$theft" ]; then return 0; fi
  done < "$work/thefts"
  return 1
}

# judge_signature: the signature over the checkpoint of `size`.
judge_signature() {
  if [ ! -f "proof/$name/checkpoint.sig" ]; then
    note "proof/$name/checkpoint has no signature"
    return
  fi
  key_for "$size"
  read -r when < "$work/when/$name" || when=''
  if [ "$when" != "$known" ]; then known=$when whole=$(date -u -d "${when:-now}" +%Y%m%d%H%M%SZ 2> /dev/null); fi
  when=$whole
  stamp='' stated=$when
  if [ -s "$work/time/$name" ]; then
    read -r stamp < "$work/time/$name"
    stated=$(date -u -d "@$stamp" +%Y%m%d%H%M%SZ)
  fi
  if signed_at_once; then
    standing=allowed
  elif ! signed_by "$work/inforce"; then
    note "proof/$name/checkpoint.sig is not a signature over this checkpoint by the key that the log names for it"
    return
  elif is_marked; then
    if [ -n "$stamp" ] && signed_by "$work/marked" "-Overify-time=$stated"; then standing=allowed; else standing=stolen; fi
  elif signed_by "$trusted" "-Overify-time=$stated"; then
    standing=allowed
  elif signed_by "$trusted" "-Overify-time=$when"; then
    standing=late
  else
    note "proof/$name/checkpoint.sig is by a key that $words does not allow for this log at that time"
    return
  fi
  if is_after_theft; then standing=stolen; fi
  case $standing in
    allowed)
      cut -c 1-300 "$work/words" >> "$work/who"
      # What an older checkpoint covers rests on this one then.
      cat "$work/uncounted" >> "$work/unrelied"
      : > "$work/uncounted"
      ;;
    late) printf '%s\n' "proof/$name/checkpoint.sig: its time-stamp is later than the key was in force" >> "$work/late" ;;
    *)
      printf '%s\n' "proof/$name/checkpoint.sig: by a stolen key, and no time-stamp under a trusted root is older than the theft" \
        >> "$work/uncounted"
      : > "$work/stolen/$name"
      ;;
  esac
}

key='' print='' known=none whole=''
for list in who late marked uncounted unrelied; do : > "$work/$list"; done
tab=$(printf '\t') cr=$(printf '\r')
trusted=proof/allowed_signers words='proof/allowed_signers'
if [ -n "$signers" ]; then trusted=$work/signers words='the file of --signers'; fi
case $origin in
  holdfast/*) is_hex "${origin#holdfast/}" 32 || note 'the origin of this log has not its form' ;;
  *) note 'the origin of this log has not its form' ;;
esac
if [ ! -f "$trusted" ]; then note 'proof/allowed_signers is not there'; fi
if [ ! -s "$work/notes" ]; then
  sort_signers
  while read -r size name root; do judge_signature; done < "$work/checkpoints"
fi
while IFS= read -r line; do note "$line"; done < "$work/uncounted"
if [ -z "$signers" ]; then
  while read -r seq why; do
    name=$(printf '%06d' "$seq")
    if [ "$why" != routine ] || [ ! -f "proof/$name/checkpoint.sig" ] || [ -e "$work/stolen/$name" ]; then
      note "entry $seq: the key before did not sign the change to the next; only --signers can say that it is the operator's"
    fi
  done < "$work/rotations"
fi
if [ -s "$work/notes" ]; then
  signature=FAIL
  say FAIL signature 'a signature is not there, or not good'
elif [ ! -s "$work/checkpoints" ]; then
  signature=ABSENT
  say ABSENT signature 'there is no checkpoint'
else
  while IFS= read -r line; do note "$line: a later checkpoint is relied on"; done < "$work/unrelied"
  sort -u "$work/who" "$work/late" > "$work/notes.all"
  while IFS= read -r line; do note "$line"; done < "$work/notes.all"
  if [ -n "$skipped" ]; then
    signature=UNCHECKED
    say UNCHECKED signature 'a checkpoint that is none was left out'
  elif [ -s "$work/late" ]; then
    signature=UNCHECKED
    say UNCHECKED signature 'each holds, but one has an outside time only from after its key was replaced'
  elif [ -n "$signers" ]; then
    signature=PASS
    say PASS signature 'each checkpoint is signed by the key that the log names and that you named'
  else
    signature=UNCHECKED
    say UNCHECKED signature 'shows only that one key signed: get the key line from elsewhere and give --signers'
  fi
fi

# ---- witnesses: other people's keys, which only their owners can vouch for ----

count=0 bad=''
while read -r size name root; do
  for path in "proof/$name"/witness-*.sig; do
    [ -f "$path" ] || continue
    count=$((count + 1))
    if ! ssh-keygen -Y check-novalidate -n "$namespace" -s "$path" < "proof/$name/checkpoint" \
      > "$work/words" 2> /dev/null; then
      note "$path is no signature over this checkpoint"
      continue
    fi
    line=$(head -n 1 "$work/words")
    line=${line##*SHA256:}
    id=$(printf '%s=' "$line" | base64 -d 2> /dev/null | basenc --base16 -w 0 | tr 'A-F' 'a-f' | cut -c 1-16)
    if [ "$path" != "proof/$name/witness-$id.sig" ]; then note "$path is by another key than its name says"; fi
    printf '%s\n' "the checkpoint of $size entries: the key SHA256:$line; ask its owner" >> "$work/seen"
  done
done < "$work/checkpoints"
if [ "$count" -eq 0 ]; then
  say ABSENT witnesses 'nobody else signed a checkpoint'
elif [ -s "$work/notes" ]; then
  say FAIL witnesses "a witness's signature is not good"
else
  while IFS= read -r line; do note "$line"; done < "$work/seen"
  say PASS witnesses 'each of these keys signed; whose they are is not shown here'
fi

# ---- against: the one step that shows a log written anew ----

if [ -z "$held" ]; then
  say ABSENT against 'no older checkpoint was given (--against): a log written anew by its operator would not be seen'
elif ! read_checkpoint "$work/held"; then
  say FAIL against 'the file of --against is not the three lines of a checkpoint'
elif [ "$one" != "$origin" ]; then
  say FAIL against 'the checkpoint you hold is that of another log'
else
  wanted=$size there=''
  mine=$(printf '%s held %s\n' "$size" "$three" | to_hex)
  mine=${mine##* }
  while read -r size name root; do
    if [ "$size" = "$wanted" ]; then there=$root; fi
  done < "$work/checkpoints"
  if [ -z "$there" ]; then
    say UNCHECKED against "this package has no checkpoint of $wanted entries: whether the log goes on from it only the whole log can show"
  elif [ "$there" != "$mine" ]; then
    say FAIL against "the log was written anew: its first $wanted entries are not those of the checkpoint you hold"
  elif [ "$wanted" = "$newest" ]; then
    older=$wanted
    say PASS against "the $wanted entries are those of the checkpoint you hold"
  else
    say UNCHECKED against "the checkpoint you hold is in here, but nothing shows that the newest goes on from it: only the whole log can"
  fi
fi

# ---- files: what the entries state of them ----

# stated_in FILE PREFIX: adds each {"bytes":N,"path":"P","sha256":"H"} in it to the lists of what must be there.
stated_in() {
  tr -d '\000' < "$1" | tr '{' '\n' > "$work/pieces"
  while IFS= read -r piece || [ -n "$piece" ]; do
    case $piece in
      '"bytes":'*) ;;
      *) continue ;;
    esac
    bytes=${piece#'"bytes":'}
    bytes=${bytes%%,*}
    path=${piece#*'"path":"'}
    path=${path%%'"'*}
    hash=${piece#*'"sha256":"'}
    hash=${hash%%'"'*}
    case $piece in
      "\"bytes\":$bytes,\"path\":\"$path\",\"sha256\":\"$hash\"}"*)
        printf '%s %s\n' "$hash" "$2$path" >> "$work/want"
        printf '%s %s\n' "$bytes" "$2$path" >> "$work/want.sizes"
        ;;
      *) note "an entry or annex states a file in a way that this script cannot read" ;;
    esac
  done < "$work/pieces"
}

# stated_record ROW: looked for from the end of the line, which may be long and has the list of files before it.
stated_record() {
  line=$(tr -d '\000' < "$work/leaf/$1")
  line=${line##*'"record_sha256":"'}
  printf '%s' "${line%%'"'*}"
}

# compare LIST-OF-FILES: what must be there (want, want.sizes) with what is there.
compare() {
  sort -u -o "$work/want" "$work/want"
  sort -u -o "$work/want.sizes" "$work/want.sizes"
  comm -23 "$work/want" "$work/kept.data" > "$work/extra"
  while read -r hash path; do note "$path is not there with the SHA-256 that was stated of it"; done < "$work/extra"
  comm -23 "$work/want.sizes" "$work/sizes" > "$work/extra"
  while read -r bytes path; do note "$path is not there with the size that was stated of it"; done < "$work/extra"
  cut -d ' ' -f 2 "$work/want" | sort -u | comm -13 - "$1" > "$work/extra"
  while IFS= read -r path; do note "$path is a file that nothing states"; done < "$work/extra"
  : > "$work/want"
  : > "$work/want.sizes"
}

: > "$work/want.sizes"
while IFS= read -r id; do
  newest=''
  is_chosen "$id" || continue
  while read -r event row; do
    case $event in
      capture)
        stated_in "$work/leaf/$row" "data/$id/"
        printf '%s %s\n' "$(stated_record "$row")" "data/$id/record.json" >> "$work/want"
        ;;
      derive) newest=$row ;;
    esac
  done < "$work/of/$id"
  if [ -n "$newest" ]; then
    stated_in "$work/leaf/$newest" "data/$id/"
    printf '%s %s\n' "$(stated_record "$newest")" "data/$id/derived/derivation.json" >> "$work/want"
  fi
done < "$work/ids"
: > "$work/logged"
: > "$work/private"
while IFS= read -r path; do
  case $path in
    data/index.html | data/ro-crate-metadata.json) ;;
    data/*/annex/*) printf '%s\n' "$path" >> "$work/private" ;;
    *) printf '%s\n' "$path" >> "$work/logged" ;;
  esac
done < "$work/files.data"
compare "$work/logged"
judge files 'every file of a capture is the one that its entry states' 'a file is not the one that an entry states'

# ---- annex: who and where, if it was disclosed ----

if [ ! -s "$work/private" ] && [ "$profile" != with-annex ]; then
  say ABSENT annex 'who collected it and where from was not disclosed'
else
  if [ "$profile" != with-annex ]; then note 'bag-info.txt does not say that an annex is in here'; fi
  while read -r event id row; do
    case $event in
      capture | capture-failed) ;;
      *) continue ;;
    esac
    line=$(tr -d '\000' < "$work/leaf/$row")
    printf '%s %s\n' "$(field annex_sha256)" "data/$id/annex/annex.json" >> "$work/want"
    if [ -f "data/$id/annex/annex.json" ]; then stated_in "data/$id/annex/annex.json" "data/$id/annex/"; fi
  done < "$work/captures"
  compare "$work/private"
  judge annex 'each annex is the one that its entry states' 'an annex is not the one that its entry states'
fi

finish
