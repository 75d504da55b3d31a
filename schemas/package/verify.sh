#!/bin/sh
# Checks the holdfast package that this file lies in, or the one in FOLDER, with a shell, awk, coreutils, openssl (of
# OpenSSL 1.1.1 or later) and ssh-keygen (one that knows valid-after: none before OpenSSH 8.5 does, those since 8.7 do).
# It changes nothing: what it notes goes to a temporary folder, which it removes. Read it before you run it.
#
#   sh verify.sh [--signers FILE] [--tsa-ca FILE] [--against FILE] [FOLDER]
#
#   --signers FILE   the operator's key, a line in the form of OpenSSH's allowed_signers, from somewhere else than here
#   --tsa-ca FILE    the root certificates (PEM, or one in DER) of the time-stamp authorities, from somewhere else than here
#   --against FILE   the three lines of an older checkpoint that somebody kept
#
# Each step is one line: PASS, FAIL, ABSENT (nothing there to check) or UNCHECKED (there, but not checked to the end). What the
# programs of this computer cannot do is UNCHECKED too, and is no fault of the package.
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

for tool in awk base64 basenc cat comm cut date head mkdir mktemp mv paste rm sha256sum sha512sum sort split tail tr uniq wc \
  openssl ssh-keygen; do
  command -v "$tool" > /dev/null || stop "the program $tool is not there"
done
processors=$(nproc 2> /dev/null) || processors=2
# version_of WORDS: what a program says of its version, without anything that could steer the terminal.
version_of() {
  version=$(printf '%s' "${1:-a version it does not tell}" | head -n 1 | cut -d , -f 1 | tr -c 'A-Za-z0-9 ._+~\n-' '?')
  printf '%.60s' "$version"
}

# Why no time-stamp can be checked here; empty where it can.
no_stamps=''
openssl_version=$(version_of "$(openssl version 2> /dev/null)")
case $openssl_version in
  'OpenSSL 0.'* | 'OpenSSL 1.0'*) no_stamps="this openssl is too old ($openssl_version): OpenSSL 1.1.1 or later can check them" ;;
  'OpenSSL '*) ;;
  *) no_stamps="this openssl is $openssl_version: that of openssl.org, 1.1.1 or later, can check them" ;;
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
can split "$(printf 'a\nb\n' | split -l 1 -a 8 --numeric-suffixes=10000001 --filter=: - 2>&1)" ''
can sort "$(printf 'b  1\na 2\n' | sort -k 2b 2> /dev/null | sort -c -u 2>&1 | wc -l)" 1
can awk "$(printf 'a"\303\274\n' | awk '{ print gsub(/[\302-\337][\200-\277]/, ".") split($0, part, "\"") }' 2> /dev/null)" 12

work=$(mktemp -d) || stop 'no temporary folder can be made'
helpers=''
# Whatever is still at work writes nothing any more where there is to be nothing.
leave() {
  if [ -n "$helpers" ]; then
    kill $helpers 2> /dev/null
    wait
  fi
  rm -rf -- "$work"
}
trap leave EXIT
trap 'exit 2' HUP INT TERM
case $work in
  /*) ;;
  *) work=$PWD/$work ;;
esac
export work
mkdir -- "$work/leaf" "$work/node" "$work/stolen" "$work/unread" "$work/empty" "$work/probe" || stop 'the temporary folder cannot be used'
for list in files folders litter notes ids lines keys rotations thefts captures owned tokens trusted checkpoints leaves ends want; do
  : > "$work/$list"
done
if [ -n "$signers" ]; then cat < "$signers" > "$work/signers" || stop 'the file of --signers cannot be read'; fi
if [ -n "$roots" ]; then cat < "$roots" > "$work/given" || stop 'the file of --tsa-ca cannot be read'; fi
if [ -n "$held" ]; then cat < "$held" > "$work/held" || stop 'the file of --against cannot be read'; fi
case $folder in
  /*) ;;
  *) folder=./$folder ;;
esac
# The certificates of --tsa-ca as PEM. A file in DER begins with the byte of a sequence, which is that of the digit 0.
if [ -n "$roots" ]; then
  if [ "$(head -c 1 "$work/given" | tr -d '\000')" = 0 ]; then
    openssl x509 -inform DER -in "$work/given" -out "$work/roots" > /dev/null 2>&1 || : > "$work/roots"
  else
    awk 'NR == 1 { sub(/^\357\273\277/, "") } { print }' "$work/given" > "$work/bundle"
    openssl crl2pkcs7 -nocrl -certfile "$work/bundle" -out "$work/given" > /dev/null 2>&1 || : > "$work/given"
    openssl pkcs7 -in "$work/given" -print_certs -out "$work/roots" > /dev/null 2>&1 || : > "$work/roots"
  fi
  if [ ! -s "$work/roots" ]; then
    stop "$(printf '%.200s' "$roots" | tr -c ' -~' '?') of --tsa-ca is no certificate in PEM or DER, or has one that cannot be read"
  fi
fi
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
for tool in awk cat comm cut head mv paste sha256sum sort split tail tr uniq wc; do
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

note_all() {
  while IFS= read -r detail; do note "$detail"; done < "$1"
}

# say STATE STEP WORDS
say() {
  # Some shells do not tell that they could not write.
  head -c 65536 /dev/zero > "$work/room" || lost 2
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

# spread FUNCTION LIST: hands the lines of LIST to FUNCTION in as many parts as there are processors, each in a shell of its own
# that prints one line for each. Leaves them in `said`, in the order of LIST.
spread() {
  if [ ! -s "$2" ]; then
    : > "$work/said"
    return
  fi
  rm -rf -- "$work/parts"
  mkdir -- "$work/parts"
  split -n "l/$processors" "$2" "$work/parts/p"
  for part in "$work/parts/"*; do
    "$1" < "$part" > "$part.said" &
    helpers="$helpers $!"
  done
  for helper in $helpers; do
    wait "$helper" || stop 'a part of the check did not come to its end'
    helpers=${helpers#" $helper"}
  done
  cat "$work/parts/"*.said > "$work/said"
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

# ---- what the programs of awk below share ----

shared='
function is_number(text) { return text ~ /^[1-9][0-9]*$/ && length(text) < 16 }
function is_hex(text, digits) { return length(text) == digits && text !~ /[^0-9a-f]/ }

# As is_path above.
function is_path(path, whole) {
  whole = "/" tolower(path) "/"
  if (length(path) > 200 || whole ~ /[^a-z0-9._\/-]/ || whole ~ /\/\// || whole ~ /\.\//) return 0
  return whole !~ /\/(con|prn|aux|nul|com[1-9]|lpt[1-9])[.\/]/
}

# What stands behind the first or the last MARK in TEXT, and what stands before it: all of TEXT where it has none.
function behind(text, mark, at) { at = index(text, mark); return at ? substr(text, at + length(mark)) : text }
function behind_last(text, mark, parts, part) { parts = split(text, part, mark); return part[parts] }
function before(text, mark, at) { at = index(text, mark); return at ? substr(text, 1, at - 1) : text }

# The text of a file, of which size[path] is known: empty where it is not there, is too large, or has a byte that no text has.
function read_whole(path, most, line, whole) {
  if (!(path in size) || size[path] > most) return ""
  whole = ""
  while ((getline line < path) > 0) whole = whole line "\n"
  close(path)
  return length(whole) == size[path] && whole !~ /[^\n -~]/ ? whole : ""
}

# is_checkpoint TEXT: sets told[1] to told[3], the three lines. Of the 258 bits of the third, the last two have to be 0.
function is_checkpoint(text) {
  if (text ~ /[^\n -~]/ || split(text, told, "\n") != 4 || told[4] != "" || !is_number(told[2])) return 0
  return length(told[3]) == 44 && told[3] ~ /^[A-Za-z0-9+\/]*[AEIMQUYcgkosw048]=$/
}
function to_hex(root, digits, hex, number, i, j) {
  digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  hex = ""
  for (i = 1; i < 44; i += 4) {
    number = 0
    for (j = i; j < i + 4; j++) number = number * 64 + (substr(root, j, 1) == "=" ? 0 : index(digits, substr(root, j, 1)) - 1)
    hex = hex sprintf("%06x", number)
  }
  return substr(hex, 1, 64)
}

# to_time AT: 2026-11-23T18:22:05.120Z as 20261123182205, or - where that is no time. to_epoch: the same in seconds since 1970.
function to_time(at, digits, month, days) {
  digits = at
  if (length(at) != 24 || gsub(/[0-9]/, "0", digits) != 17 || digits != "0000-00-00T00:00:00.000Z") return "-"
  digits = substr(at, 1, 19)
  gsub(/[^0-9]/, "", digits)
  month = substr(at, 6, 2) + 0
  if (month < 1 || month > 12 || substr(at, 12, 2) > 23 || substr(at, 15, 2) > 59 || substr(at, 18, 2) > 59) return "-"
  days = substr("312831303130313130313031", 2 * month - 1, 2) + (month == 2 && is_leap(substr(at, 1, 4) + 0))
  return substr(at, 9, 2) + 0 >= 1 && substr(at, 9, 2) + 0 <= days ? digits : "-"
}
function is_leap(year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
function to_epoch(time, year, month, days) {
  month = substr(time, 5, 2) - 3
  year = substr(time, 1, 4) - (month < 0)
  if (month < 0) month += 12
  days = 365 * year + int(year / 4) - int(year / 100) + int(year / 400) + int((153 * month + 2) / 5) + substr(time, 7, 2) - 719469
  return ((days * 24 + substr(time, 9, 2)) * 60 + substr(time, 11, 2)) * 60 + substr(time, 13, 2)
}
'

# ---- names: before anything is read ----

# What file managers, sync clients and file systems leave in a folder: no part of the package, and not looked at.
is_litter() {
  case $1 in
    .[!.]* | *.sync-conflict-* | @eaDir | lost+found | '$RECYCLE.BIN' | 'System Volume Information') ;;
    [Tt]humbs.db | ehthumbs.db | [Dd]esktop.ini | LOST.DIR | __MACOSX) ;;
    *) return 1 ;;
  esac
}

# walk FOLDER/: every folder and file below it.
walk() {
  for found in "$1"* "$1".[!.]* "$1"..?*; do
    if [ ! -e "$found" ] && [ ! -L "$found" ]; then
      continue
    elif is_litter "${found##*/}"; then
      printf '%s\n' "$found" | tr '\n' ' ' >> "$work/litter"
      printf '\n' >> "$work/litter"
    elif [ -L "$found" ]; then
      note "$found is a link"
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
note_all "$work/litter"
if [ -s "$work/notes" ]; then say NOTE litter 'left in this folder by other programs: no part of the package, and not looked at'; fi

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

# is_manifest FILE DIGITS data|tags: every line is hash, two blanks and a path of this package in its place, and the paths
# rise. Leaves paths.
is_manifest() {
  [ -f "$1" ] && is_plain_text "$1" && [ -z "$(tail -c 1 "$1")" ] || return 1
  awk -v digits="$2" -v kind="$3" "$shared"'
    {
      path = substr($0, digits + 3)
      placed = kind == "data" ? path ~ /^data\// : path !~ /^data\// && path !~ /^tagmanifest-/
      rises = NR == 1 || (path "") > (last "")
      if (!is_hex(substr($0, 1, digits), digits) || substr($0, digits + 1, 2) != "  " || !is_path(path) || !placed || !rises) {
        print "//"
        exit
      }
      print path
      last = path
    }' "$1" > "$work/paths"
  [ "$(tail -n 1 "$work/paths")" != // ]
}

# check_manifests STEP PREFIX data|tags. Leaves lists of paths (listed) and of the hashes that were found so (kept).
check_manifests() {
  for sum in sha256:64 sha512:128; do
    list=$2-${sum%:*}.txt
    if ! is_manifest "$list" "${sum#*:}" "$3"; then
      note "$list is not there, or has a line that does not belong there: nothing was compared with it"
      : > "$work/listed.$3.${sum%:*}"
      continue
    fi
    mv -- "$work/paths" "$work/listed.$3.${sum%:*}"
    command "${sum%:*}sum" --strict -c "$list" < /dev/null > "$work/results" 2> /dev/null || bad=yes
    awk '!/: OK$/' "$work/results" > "$work/extra"
    while IFS= read -r result; do note "$list: $result"; done < "$work/extra"
    if [ "$sum" = sha256:64 ]; then
      awk '
        NR == FNR { if (sub(/: OK$/, "")) good[$0] = 1; next }
        substr($0, 67) in good { print substr($0, 1, 64) " " substr($0, 67) }
      ' "$work/results" "$list" | sort > "$work/kept.$3"
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
tr '\n' '\0' < "$work/files" | wc -c --files0-from=- | awk '{ print $1, $2 }' > "$work/counted"
awk '$2 ~ /^data\//' "$work/counted" | sort > "$work/sizes"
counted=$(awk '{ bytes += $1 } END { printf "%.0f.%d\n", bytes, NR }' "$work/sizes")
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
note_all "$work/extra"
if [ -n "$(tail -c 1 bag-info.txt)" ]; then note 'bag-info.txt does not end with a line feed'; fi
if ! command sort -c -u "$work/ids" 2> /dev/null; then note 'bag-info.txt does not name the captures in ascending order'; fi
if [ "$oxum" != "$counted" ]; then note 'bag-info.txt: Payload-Oxum states another number of bytes or files'; fi
printf 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n' > "$work/bagit"
if [ ! -f bagit.txt ] || [ "$(digest bagit.txt)" != "$(digest "$work/bagit")" ]; then
  note 'bagit.txt is not the declaration of BagIt 1.0'
fi
judge complete 'nothing is there that the manifests do not list, and nothing is missing' 'a file is too many or too few'

# ---- entries: the lines of the log in this package ----

# Looks at each line. A quotation mark inside a text of JSON is written \", so "key":"value" as bare characters is a key and
# its value; `event` and all behind it are the last of their kind in the line. Only the first and last thousand bytes are
# searched for what every entry has: whoever made the line could make that take hours otherwise.
entries='
BEGIN {
  dir = ENVIRON["work"]
  row_base = 10000000
  seq_base = 1000000000000000
}
function note(words) { print words > (dir "/extra") }
function is_id(text) { return length(text) == 17 && substr(text, 9, 1) == "-" && text !~ /[^0-9A-Z-]/ }
function text_of(key) { return before(behind($0, "\"" key "\":\""), "\"") }
function has(key) { return index($0, "\"" key "\":") > 0 }

# The key that this entry names, and the size of the first checkpoint it signs. Of a key that it says was stolen, when that was.
function keep_key(key, first, why) {
  if (length($0) > 10000 || !index($0, "\"public_key\":\"")) return
  key = text_of("public_key")
  first = seq + 1
  why = "routine"
  if (event == "vault-created") { first = 1; why = "" }
  else if (index($0, "\"previous\":null")) { first = seq; why = named ? "lost" : "" }
  else if (index($0, "\"reason\":\"lost\"") || index($0, "\"reason\":\"stolen\"")) { first = seq; why = "lost" }
  if (key ~ /[^A-Za-z0-9+\/=@. -]/) key = "unreadable"
  if (event == "key-rotated" && index($0, "\"reason\":\"stolen\"")) print time, (named ? last_key : "none") > (dir "/thefts")
  last_key = key
  named = 1
  printf "%.0f %s\n", first, key > (dir "/keys")
  if (why != "") printf "%.0f %s\n", seq, why > (dir "/rotations")
}

# What an entry says of the capture `id`. An id is captured once, and a version is brought once, behind the entry of its capture
# (FORMAT.md, section 4.4).
function keep_capture(id) {
  id = has("capture") ? text_of("capture") : ""
  if (!(id in chosen)) { note(sprintf("entry %.0f is about a capture that bag-info.txt does not name", seq)); return }
  print event, id, row > (dir "/captures")
  printf "%s %.0f %s\n", id, seq + seq_base, event > (dir "/owned")
  if (event == "derive" || event == "redact" || event == "page") {
    if (!(id in captured)) note("an entry brings a version of " id " before any says that it was captured")
  } else if (event == "capture" || event == "capture-failed") {
    if (stated[id]++) note("more than one entry says that " id " was captured, or was not")
    if (event == "capture") captured[id] = 1
  }
  if (event ~ /^(capture|derive|redact|page)$/ && versions[id, version]++ == 1) note("more than one entry brings " version " of " id)
}

# What an entry says of a token: its path here, and what the file must be.
function keep_token(path, words) {
  path = text_of("path")
  sub(/^log\//, "", path)
  words = "proof/" before(path, ".") "/" behind(path, ".")
  words = words "\t" text_of("sha256") "\t" before(before(behind($0, "\"bytes\":"), ","), "}") "\t" text_of("kind") "\t" text_of("gen_time")
  gsub(/[^\tA-Za-z0-9._\/:-]/, "?", words)
  print words > (dir "/tokens")
}

FILENAME == ARGV[1] { if (is_id($0)) chosen[$0] = 1; next }
{
  row = ++rows + row_base
  if (length($0) > 4000000) { note("line " rows " is longer than any entry"); next }
  rest = length($0) > 1000 ? substr($0, length($0) - 999) : $0
  version = before(behind_last(rest, ",\"version\":\""), "\"")
  rest = behind_last(rest, ",\"event\":\"")
  event = before(rest, "\"")
  seq = before(behind_last(rest, ",\"seq\":"), ",")
  framed = substr($0, 1, 10) == "{\"actor\":\"" && substr($0, length($0) - 6) == ",\"v\":1}"
  if (!framed || !is_number(seq)) { note("line " rows " is no entry"); next }
  if (seq + 0 <= last + 0) note(sprintf("line %d: entry %.0f stands behind entry %.0f", rows, seq, last))
  last = seq
  time = to_time(before(behind(substr($0, 1, 1000), "\",\"at\":\""), "\""))
  if (time == "-") note("line " rows " does not say when it was written")
  print seq, row, time > (dir "/leaves")
  if (rows == 1 || event == "vault-created") {
    if (rows != 1 || seq != 1 || event != "vault-created") {
      note("line " rows ": the first entry, and only it, makes the vault")
      next
    }
    schema = index($0, "\"schema\":\"1\"") ? 1 : ""
    vault = text_of("vault_id")
    keep_key()
  } else if (event == "key-rotated") keep_key()
  else if (event == "export-begun") {
    if (begun != "") note("entry " begun " is the list of an older package")
    begun = seq
    begun_row = row
  } else if (event == "token") keep_token()
  else if (event ~ /^(capture|capture-failed|derive|derive-failed|recovery|annotate|redact|page|page-failed|wayback)$/) keep_capture()
  else note("entry " seq " does not belong into a package")
}
END {
  for (id in chosen) if (!(id in stated)) note("no entry here says that " id " was captured")
  print rows + 0, begun_row + 0, (begun == "" ? 0 : begun), schema > (dir "/facts")
  print vault > (dir "/vault")
}
'

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

rows=0 begun_row=0 begun=0 schema='' vault=''
if [ -f proof/entries.jsonl ]; then
  tr -d '\000' < proof/entries.jsonl > "$work/lines"
  : > "$work/extra"
  awk "$shared$entries" "$work/ids" "$work/lines"
  note_all "$work/extra"
  read -r rows begun_row begun schema < "$work/facts"
  IFS= read -r vault < "$work/vault"
  awk "$canonical" proof/entries.jsonl > "$work/odd" || note 'proof/entries.jsonl cannot be read'
  while read -r odd; do note "line $odd is not in the one form that an entry may have"; done < "$work/odd"
  if [ -n "$(tail -c 1 proof/entries.jsonl)" ]; then note 'the last line does not end with a line feed'; fi
  if [ "$(wc -c < "$work/lines")" -ne "$(wc -c < proof/entries.jsonl)" ]; then note 'proof/entries.jsonl has a byte that no entry has'; fi
fi
if [ "$begun" -eq 0 ]; then begun=''; fi
if [ "$rows" -eq 0 ]; then note 'proof/entries.jsonl has no entry'; fi
while IFS= read -r id; do
  case $id in
    *[!0-9A-Z-]*) note 'bag-info.txt names a capture that has no name of one' ;;
    ????????-????????) if [ ! -d "data/$id" ]; then note "there is no folder data/$id"; fi ;;
    *) note 'bag-info.txt names a capture that has no name of one' ;;
  esac
done < "$work/ids"
if [ ! -s "$work/ids" ]; then note 'bag-info.txt names no capture'; fi
judge entries 'the entries are in order, and about the captures of this package only' 'the entries are not those of this package'

# ---- checkpoints: read here, said below ----

# Of each folder under proof/: its checkpoint, and whether `signed` is that and its signature, one after the other. What no text
# is, is left to the shell (odd).
seals='
BEGIN {
  dir = ENVIRON["work"]
  getline origin < (dir "/origin")
  getline vault < (dir "/vault")
}
FILENAME == ARGV[1] { size[$2] = $1; next }
/^proof\/[^\/]*$/ {
  name = substr($0, 7)
  number = name
  sub(/^0+/, "", number)
  good = is_checkpoint(read_whole($0 "/checkpoint", 10000))
  if (!good || number != told[2] || length(name) < 6 || (length(name) > 6 && number != name)) {
    print $0 "/checkpoint is not there, or is no checkpoint under its number" > (dir "/problems")
    print name > (dir "/skipped")
    next
  }
  print told[2], name, to_hex(told[3])
  if (told[1] != origin || told[1] != "holdfast/" vault) print $0 "/checkpoint is of another vault than bag-info.txt and entry 1 say" > (dir "/problems")
  if (!(($0 "/checkpoint.sig") in size)) next
  whole = read_whole($0 "/checkpoint", 10000)
  seal = read_whole($0 "/checkpoint.sig", 100000)
  if (seal == "" || read_whole($0 "/signed", 110000) != whole seal) print name > (dir "/odd.signed")
}
'

for list in problems skipped odd.signed; do : > "$work/$list"; done
mkdir -- "$work/both"
printf '%s\n' "$origin" > "$work/origin"
printf '%s\n' "$vault" > "$work/vault"
awk "$shared$seals" "$work/counted" "$work/folders" | sort -n > "$work/checkpoints"
while IFS= read -r name; do
  cat "proof/$name/checkpoint" "proof/$name/checkpoint.sig" > "$work/both/$name"
  if [ ! -f "proof/$name/signed" ] || [ "$(digest "proof/$name/signed")" != "$(digest "$work/both/$name")" ]; then
    printf '%s\n' "proof/$name/signed is not checkpoint and signature one after the other" >> "$work/problems"
  fi
done < "$work/odd.signed"
skipped=$(head -n 1 "$work/skipped")
newest=$(tail -n 1 "$work/checkpoints" | cut -d ' ' -f 1)

# ---- inclusion: from each entry to the root of each checkpoint (RFC 9162, 2.1.3.2) ----

# One line for each proof: number of its line, checkpoint, seq, place, last place, hashes to come.
proofs='
BEGIN { dir = ENVIRON["work"] }
function note(words) { print words > (dir "/extra") }
FILENAME == ARGV[1] { size[$2] = $1; if ($2 ~ /^proof\/[^\/]*\/[^\/]*\.proof$/) there[++found] = $2; next }
FILENAME == ARGV[2] { tree[++trees] = $1; name[trees] = $2; known[$2] = 1; next }
{ seq[++leaves] = $1; row[leaves] = $2 }

function read_proof(path, seq, size, parts, steps, i) {
  parts = split(read_whole(path, 10000), part, "\n")
  if (parts < 4 || part[1] != "holdfast-inclusion 1" || part[2] != seq "" || part[3] != size "") return "-"
  steps = ""
  for (i = 4; i < parts; i++) {
    if (!is_hex(part[i], 64)) return "-"
    steps = steps " " part[i]
  }
  return length(steps) > 8192 ? "-" : steps
}
function prove(seq, row, name, size, path, steps) {
  path = "proof/" name "/" seq ".proof"
  wanted[path] = 1
  steps = read_proof(path, seq, size)
  if (steps == "-") note(path " is not there, or is no proof of this entry")
  else printf "%d %s %s %.0f %.0f%s\n", row - 10000000, name, seq, seq - 1, size - 1, steps
}
END {
  for (i = 1; i <= trees; i++) for (j = 1; j <= leaves; j++) {
    if (seq[j] + 0 <= tree[i] + 0) prove(seq[j], row[j], name[i], tree[i])
    else if (i == trees) note("entry " seq[j] " is not in the newest checkpoint")
  }
  for (i = 1; i <= found; i++) {
    split(there[i], part, "/")
    if (part[2] in known && !(there[i] in wanted)) note(there[i] " belongs to no entry")
  }
}
'

# One step up for each proof: of its hash so far, which is that of the node or line of this number, and the next in the proof.
climb='
BEGIN { dir = ENVIRON["work"] }
FILENAME == ARGV[1] { hash[FNR] = $1; next }
{ here = hash[$1] }
NF < 6 { print $2, $3, $5, here >> (dir "/ends"); next }
$5 == 0 { print $2, $3, "too-long", "-" >> (dir "/ends"); next }
{
  place = $4
  end = $5
  if (place % 2 == 1 || place == end) {
    node = "01" $6 here
    while (place % 2 == 0 && place > 0) { place /= 2; end = int(end / 2) }
  } else node = "01" here $6
  # Many proofs share their nodes.
  if (!(node in number)) {
    number[node] = ++nodes
    printf "%s", toupper(node) > (dir "/nodes")
  }
  rest = ""
  for (i = 7; i <= NF; i++) rest = rest " " $i
  printf "%d %s %s %.0f %.0f%s\n", number[node], $2, $3, int(place / 2), int(end / 2), rest
}
'

: > "$work/extra"
awk "$shared$proofs" "$work/counted" "$work/checkpoints" "$work/leaves" > "$work/state"
note_all "$work/extra"
if [ -s "$work/lines" ]; then
  awk '{ print "\001" $0 }' "$work/lines" | tr '\001' '\000' | split -l 1 -a 8 --numeric-suffixes=10000001 - "$work/leaf/"
  (cd "$work/leaf" && sha256sum -- *) > "$work/hashes"
fi
# All proofs go up by one node at a time, so that one sha256sum serves them all.
while [ -s "$work/state" ]; do
  : > "$work/nodes"
  awk "$climb" "$work/hashes" "$work/state" > "$work/next"
  mv -- "$work/next" "$work/state"
  if [ -s "$work/nodes" ]; then
    rm -rf -- "$work/node"
    mkdir -- "$work/node"
    basenc --base16 -d < "$work/nodes" | split -a 8 -b 65 - "$work/node/n"
    (cd "$work/node" && sha256sum -- *) > "$work/hashes"
  fi
done
awk '
  NR == FNR { root[$2] = $3; next }
  $3 "" != "0" || $4 "" != root[$1] "" { print "proof/" $1 "/" $2 ".proof does not lead from entry " $2 " to the root of this checkpoint" }
' "$work/checkpoints" "$work/ends" > "$work/extra"
note_all "$work/extra"
if [ ! -s "$work/checkpoints" ] || [ ! -s "$work/leaves" ]; then note 'there is no checkpoint, or no entry'; fi
judge inclusion "each entry is in the log whose newest checkpoint here has ${newest:-no} entries" \
  'an entry is not shown to be in the log that the checkpoints are of'

note_all "$work/problems"
if [ ! -s "$work/checkpoints" ]; then note 'there is no checkpoint'; fi
judge checkpoints "their three lines are in order, and of the log $origin" 'a checkpoint is not as this log would have it'

# What each checkpoint is judged by: the time that the log states of the last entry here that it covers, as digits and in seconds,
# and the key in force, from the first checkpoint that it signs on.
awk "$shared"'
  FILENAME == ARGV[1] { from[++keys] = $1; sub(/^[^ ]* /, ""); key[keys] = $0; next }
  FILENAME == ARGV[2] { seq[++leaves] = $1; time[leaves] = $3; next }
  {
    while (used < keys && from[used + 1] + 0 <= $1 + 0) used++
    while (covered < leaves && seq[covered + 1] + 0 <= $1 + 0) covered++
    when = covered ? time[covered] : "-"
    printf "%s %s %s %.0f %s\n", $1, $2, when, (when == "-" ? 0 : to_epoch(when)), key[used]
  }
' "$work/keys" "$work/leaves" "$work/checkpoints" > "$work/seals"

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

# heads BYTES: of the paths on standard input, each and its first bytes in hex. Each file must have as many.
heads() {
  bytes=$1
  cat > "$work/paths"
  set --
  while IFS= read -r path; do
    set -- "$@" "$path"
    # A command line takes only so many.
    if [ $# -eq 500 ]; then
      head -q -c "$bytes" -- "$@"
      set --
    fi
  done < "$work/paths" > "$work/begin"
  if [ $# -gt 0 ]; then head -q -c "$bytes" -- "$@" >> "$work/begin"; fi
  basenc --base16 -w $((2 * bytes)) < "$work/begin" | paste -d ' ' "$work/paths" -
}

# A token counts as read by `openssl ts` (form ts) or, where that cannot read it, by `openssl cms` (form cms).

# read_time: sets epoch and stated from the token in the response at `path`, and from no words around it: nobody signed those.
read_time() {
  openssl ts -reply -in "$path" -token_out -text < /dev/null > "$part.text" 2> /dev/null || return 1
  stated='' imprint=''
  while IFS= read -r line; do
    case $line in
      'Hash Algorithm: '*) imprint=${imprint:-${line#Hash Algorithm: }} ;;
      'Time stamp: '*) stated=${stated:-${line#Time stamp: }} ;;
    esac
  done < "$part.text"
  case $stated in
    '' | *[!A-Za-z0-9:.\ ]*) return 1 ;;
  esac
  [ "$imprint" = sha256 ] || return 1
  stated=$(date -u -d "$stated" '+%s %Y-%m-%dT%H:%M:%S' 2> /dev/null) || return 1
  epoch=${stated%% *} stated=${stated#* }
}

# The parts of a response that `openssl asn1parse` printed: where the token begins, the digest and the kind of its only signature,
# and the digest of each certificate that the signature names first. Nothing where it is no granted response with one signature
# over a TSTInfo.
outline='
function fail() { bad = 1; exit }
{
  depth = substr($0, index($0, ":d=") + 3) + 0
  constructed = index($0, " cons: ") > 0
  thing = substr($0, index($0, constructed ? " cons: " : " prim: ") + 7)
  value = index(thing, ":") ? substr(thing, index(thing, ":") + 1) : ""
  sub(/ *(\[HEX DUMP\])?:.*/, "", thing)
  sub(/ +$/, "", thing)
}
depth == 1 { if (++parts == 2) start = $0 + 0; if (parts > 2 || thing != "SEQUENCE") fail() }
parts == 1 && depth == 2 && !status { status = 1; if (thing != "INTEGER" || value !~ /^0[01]$/) fail() }
parts < 2 || bad { next }
depth == 2 && !kind { kind = 1; if (value != "pkcs7-signedData") fail() }
depth == 5 && thing == "OBJECT" && !content { content = 1; if (value != "id-smime-ct-TSTInfo") fail() }
# Whatever stands behind the last set of the signed data would be the set of signatures.
depth == 4 { signers = 0; words = ""; digest = scheme = ""; v1 = v2 = 0; inside = constructed && thing == "SET" }
!inside { next }
depth == 5 { signers++ }
depth == 6 { field = constructed && thing == "cont [ 0 ]" ? "attributes" : "other"; want = "" }
depth == 7 && thing == "OBJECT" && field == "other" { if (digest == "") digest = value; scheme = value }
field != "attributes" { next }
depth == 8 && thing == "OBJECT" {
  want = ""
  if (value == "id-smime-aa-signingCertificate") { want = "sha1"; v1++ }
  if (value == "id-smime-aa-signingCertificateV2") { want = "sha256"; v2++ }
  next
}
want == "" { next }
thing == "OBJECT" && want != "sha1" { want = value; next }
thing == "OCTET STRING" { words = words "names " want " " value "\n"; want = "" }
END {
  if (bad || signers != 1 || v1 > 1 || v2 > 1 || words == "") exit
  printf "token %d\ndigest %s\nscheme %s\n%s", start, digest, scheme, words
}
'

# What a TSTInfo says: version, digest, imprint, time, and where the name of the authority lies in it.
statement='
{
  depth = substr($0, index($0, ":d=") + 3) + 0
  constructed = index($0, " cons: ") > 0
  thing = substr($0, index($0, constructed ? " cons: " : " prim: ") + 7)
  value = index(thing, ":") ? substr(thing, index(thing, ":") + 1) : ""
  sub(/ *(\[HEX DUMP\])?:.*/, "", thing)
  sub(/ +$/, "", thing)
}
depth == 1 { field++ }
depth == 1 && field == 1 && value != "01" { exit }
field == 3 && depth == 3 && thing == "OBJECT" { digest = value }
field == 3 && depth == 2 && thing == "OCTET STRING" { imprint = value }
depth == 1 && field == 5 && thing == "GENERALIZEDTIME" { time = value }
depth == 1 && field > 5 { named = constructed && thing == "cont [ 0 ]"; if (named) name = "other" }
named && depth == 2 { directory = constructed && thing == "cont [ 4 ]" }
named && directory && depth == 3 { name = place($0) }
function place(line, head, body) {
  head = body = line
  sub(/.* hl= */, "", head)
  sub(/.* l= */, "", body)
  return ($0 + 1) " " (head + body)
}
END { print digest, time, imprint, (name == "" ? "none" : name) }
'

# tree FILE: what is in a file of DER.
tree() {
  openssl asn1parse -inform DER -in "$1" < /dev/null 2> /dev/null
}

# by_cms OPTIONS...: checks the signature of the token, and asks no root that this computer came with.
by_cms() {
  SSL_CERT_DIR=$work/empty SSL_CERT_FILE=/dev/null \
    openssl cms -verify -inform DER -in "$part.cms" -binary "$@" < /dev/null > /dev/null 2>&1
}

# names_signer: whether each name of a certificate under the signature is that of the one that signed.
names_signer() {
  while read -r word digest hash; do
    if [ "$word" != names ]; then continue; fi
    case $digest in
      sha1 | sha256 | sha384 | sha512) ;;
      *) return 1 ;;
    esac
    print=$(openssl x509 -in "$part.signer" -noout -fingerprint "-$digest" < /dev/null 2> /dev/null)
    [ "$(printf '%s' "${print##*=}" | tr -d ':')" = "$hash" ] || return 1
  done < "$part.outline"
}

# is_named: whether the authority that the statement names, at this place, is the subject of the certificate, byte for byte.
is_named() {
  case $1 in
    none) return 0 ;;
    other) return 1 ;;
  esac
  openssl x509 -in "$part.signer" -outform DER -out "$part.der" < /dev/null > /dev/null 2>&1 || return 1
  # The fourth sequence of a certificate: algorithm, issuer, times, subject.
  set -- "$@" $(tree "$part.der" | awk '
    / *[0-9]+:d=1 / { if (++parts > 1) exit }
    / *[0-9]+:d=2 .* cons: SEQUENCE/ && ++count == 4 {
      at = $0 + 1
      sub(/.* hl= */, "")
      head = $0 + 0
      sub(/.* l= */, "")
      print at, head + $0
    }
  ')
  [ $# -eq 4 ] || return 1
  [ "$(tail -c "+$1" "$part.info" | head -c "$2" | sha256sum)" = "$(tail -c "+$3" "$part.der" | head -c "$4" | sha256sum)" ]
}

# read_by_cms: sets epoch and stated from a token that `openssl ts` cannot read, such as one with an attribute certificate or an
# answer of OCSP in it, once its signature and what stands around it are good. Sets state where it is not.
read_by_cms() {
  tree "$path" | awk "$outline" > "$part.outline"
  state=none
  [ -s "$part.outline" ] || return 1
  # From here on it is a time-stamp; what cannot be found out about it is no accusation.
  state=unread
  digest='' scheme='' start=''
  while read -r word value rest; do
    case $word in
      token) start=$value ;;
      digest) digest=$value ;;
      scheme) scheme=$value ;;
    esac
  done < "$part.outline"
  tail -c "+$((start + 1))" "$path" > "$part.cms"
  openssl cms -cmsout -noout -inform DER -in "$part.cms" < /dev/null > /dev/null 2>&1 || return 1
  state=nowhere
  case $digest:$scheme in
    sha256:* | sha384:* | sha512:*) ;;
    *) return 1 ;;
  esac
  case $scheme in
    rsaEncryption | sha[235][581][642]WithRSAEncryption | ecdsa-with-SHA[235][581][642]) ;;
    *) return 1 ;;
  esac
  by_cms -noverify -out "$part.info" -signer "$part.signer" -certsout "$part.certs" || return 1
  names_signer || return 1
  tree "$part.info" | awk "$statement" > "$part.statement"
  read -r digest stated imprint name < "$part.statement" || return 1
  [ "$digest:$(printf '%s' "$imprint" | tr 'A-F' 'a-f')" = "sha256:$(digest "$signed")" ] || return 1
  case $stated in
    ??????????????Z | ??????????????.*Z) ;;
    *) return 1 ;;
  esac
  case ${stated%Z} in
    *[!0-9.]* | *.*.*) return 1 ;;
  esac
  stated=$(printf '%s\n' "${stated%%[.Z]*}" | awk '{ print substr($0, 1, 4) "-" substr($0, 5, 2) "-" substr($0, 7, 2) " " substr($0, 9, 2) ":" substr($0, 11, 2) ":" substr($0, 13, 2) " UTC" }')
  stated=$(date -u -d "$stated" '+%s %Y-%m-%dT%H:%M:%S' 2> /dev/null) || return 1
  epoch=${stated%% *} stated=${stated#* }
  state=unread
  # Other spellings of a name are left to a reader that can compare them.
  is_named $name || return 1
  form=cms
}

# leads_to OPTIONS...: whether the token at `path` is over the signed checkpoint and its chain leads there.
leads_to() {
  if [ "$form" = cms ]; then
    if [ -f "$chain" ]; then set -- -certfile "$chain" "$@"; fi
    by_cms -out /dev/null -purpose timestampsign -attime "$epoch" "$@"
    return
  fi
  if [ -f "$chain" ]; then set -- -untrusted "$chain" "$@"; fi
  openssl ts -verify -data "$signed" -in "$path" -attime "$epoch" "$@" < /dev/null > /dev/null 2>&1
}

# leads_to_system: to a root that this computer came with.
leads_to_system() {
  set --
  if [ -d "$store/certs" ]; then set -- -CApath "$store/certs"; fi
  if [ -f "$store/cert.pem" ]; then set -- "$@" -CAfile "$store/cert.pem"; fi
  if [ $# -eq 0 ]; then return 1; fi
  leads_to "$@"
}

# leads_to_itself: to certificates that came with it.
leads_to_itself() {
  if [ "$form" = cms ]; then
    cat "$part.certs" > "$part.own"
  else
    openssl ts -reply -in "$path" -token_out -out "$part.token" < /dev/null > /dev/null 2>&1 || return 1
    openssl pkcs7 -inform DER -in "$part.token" -print_certs < /dev/null > "$part.own" 2> /dev/null || return 1
  fi
  if [ -f "$chain" ]; then cat "$chain" >> "$part.own"; fi
  leads_to -partial_chain -CAfile "$part.own"
}

# examine_tokens: says of each token where it leads, and its time.
examine_tokens() {
  while read -r path is_whole signed; do
    state=none form=ts
    chain=${path%.tsr}.chain.pem
    if [ "$is_whole" -eq 0 ]; then
      epoch=0 stated=-
    elif [ -n "$no_stamps" ]; then
      state=unread epoch=0 stated=-
    elif ! read_time && ! read_by_cms; then
      epoch=0 stated=-
    elif [ -n "$roots" ] && leads_to -partial_chain -CAfile "$work/roots"; then
      state=named
    elif [ -z "$roots" ] && leads_to_system; then
      state=system
    elif leads_to_itself; then
      state=itself
    else
      state=nowhere
    fi
    printf '%s %s %s %s %s\n' "$path" "$state" "$epoch" "$stated" "$form"
  done
}

# What each time-stamp must be over: its bytes, path, and the file of checkpoint and signature, or of the checkpoint where it has
# none.
awk '
  FILENAME == ARGV[1] { odd[$1] = 1; next }
  $2 ~ /^proof\/[^\/]*\/[^\/]+\.(tsr|ots)$/ { stamp[++stamps] = $0 }
  $2 ~ /^proof\/[^\/]*\/checkpoint\.sig$/ { split($2, part, "/"); signed[part[2]] = 1 }
  END {
    for (i = 1; i <= stamps; i++) {
      split(stamp[i], part, "/")
      over = "proof/" part[2] (part[2] in signed ? "/signed" : "/checkpoint")
      print stamp[i], (part[2] in odd ? ENVIRON["work"] "/both/" part[2] : over)
    }
  }
' "$work/odd.signed" "$work/counted" > "$work/stamps"

# Each response must be one value of DER, with nothing behind it. One of fewer than five bytes is none.
awk '$2 ~ /\.tsr$/ && $1 >= 5 { print $2 }' "$work/stamps" | heads 5 > "$work/begins"
awk '
  function number(hex, value, i) {
    value = 0
    for (i = 1; i <= length(hex); i++) value = value * 16 + index("0123456789ABCDEF", substr(hex, i, 1)) - 1
    return value
  }
  function is_whole(hex, bytes, more) {
    if (hex ~ /^30[0-7]/) return bytes == number(substr(hex, 3, 2)) + 2
    more = index("123", substr(hex, 4, 1))
    return hex ~ /^308[123]/ && bytes == number(substr(hex, 5, 2 * more)) + more + 2
  }
  FILENAME == ARGV[1] { hex[$1] = $2; next }
  $2 ~ /\.tsr$/ {
    path = $2
    whole = is_whole(hex[path], $1) + 0
    sub(/^[^ ]* [^ ]* /, "")
    print path, whole, $0
  }
' "$work/begins" "$work/stamps" > "$work/examined"
store=''
if [ -z "$roots" ] && [ -s "$work/examined" ]; then
  store=$(openssl version -d)
  store=${store#*'"'}
  store=${store%'"'*}
fi
spread examine_tokens "$work/examined"
mv -- "$work/said" "$work/times"

# The SHA-256 of what a time-stamp is over and of what an entry names: as the manifest has it, where that is so.
awk -F '\t' '
  FILENAME == ARGV[1] { known[substr($0, 66)] = 1; next }
  FILENAME == ARGV[2] { sub(/^ *[^ ]* /, ""); there[$0] = 1; next }
  FILENAME == ARGV[3] { if (!sub(/^[^ ]* [^ ]*\.ots /, "")) next; there[$0] = 1 }
  !($1 in known) && $1 in there && !seen[$1]++ { print $1 }
' "$work/kept.tags" "$work/counted" "$work/stamps" "$work/tokens" > "$work/extra"
while IFS= read -r path; do printf '%s %s\n' "$(digest "$path")" "$path"; done < "$work/extra" | cat "$work/kept.tags" - > "$work/sums"

# Of an OpenTimestamps proof only this is looked at: whether it is over these bytes.
awk '$2 ~ /\.ots$/ && $1 >= 65 { print $2 }' "$work/stamps" | heads 65 > "$work/begins"
awk '
  FILENAME == ARGV[1] { hex[$1] = $2; next }
  FILENAME == ARGV[2] { hash[substr($0, 66)] = toupper(substr($0, 1, 64)); next }
  $2 ~ /\.ots$/ {
    path = $2
    sub(/^[^ ]* [^ ]* /, "")
    begin = "004F70656E54696D657374616D7073000050726F6F6600BF89E2E884E892940108" hash[$0]
    print path, (hex[path] == begin ? "over" : "elsewhere"), 0, "-", "ots"
  }
' "$work/begins" "$work/sums" "$work/stamps" >> "$work/times"

# is_possible: whether the token at `path` is not far older than what it covers. A clock may be wrong by days, not by a month.
is_possible() {
  if [ "$written" -eq 0 ] || [ $((written - epoch)) -le 86400 ]; then return 0; fi
  note "$path states ${stated}Z, $(((written - epoch) / 86400)) days before the last entry that it covers was written"
  [ $((written - epoch)) -le 2678400 ]
}

# judge_stamp: sets verdict on the time-stamp at `path` over the checkpoint of `size`. Only a time under a trusted root is kept,
# or said.
judge_stamp() {
  verdict=wrong
  case $state in
    named) verdict=good by='under a root that you named' ;;
    system) verdict=good by='under a root that this computer came with' ;;
    itself)
      if [ -n "$roots" ]; then
        note "$path does not lead to a root in the file of --tsa-ca"
        return
      fi
      verdict=open
      note "$path states ${stated}Z; its certificate leads to no root that you named, so that time decides nothing"
      ;;
    over)
      verdict=open
      note "$path: over this checkpoint; the Bitcoin block it ends in was not looked up"
      return
      ;;
    unread)
      verdict=unread
      note "$path: ${no_stamps:-neither openssl ts nor openssl cms of $openssl_version can read all of it}"
      : > "$work/unread/$name"
      return
      ;;
    none) note "$path is no time-stamp over a SHA-256, or has something behind it" ;;
    nowhere) note "$path is not over this checkpoint and its signature, or is not signed by an authority for time-stamps" ;;
    *) note "$path is not over this checkpoint and its signature" ;;
  esac
  if [ "$verdict" = wrong ]; then return; fi
  if ! is_possible; then verdict=wrong; fi
  if [ "$verdict" != good ]; then return; fi
  if [ "$form" = cms ]; then by="$by; openssl ts cannot read it, and openssl cms can"; fi
  note "$path: the checkpoint of $size entries existed not later than ${stated}Z, $by"
  printf '%s %s %s\n' "$name" "$epoch" "$stated" >> "$work/trusted"
  if [ "$epoch" -lt "${first:-9999999999999}" ]; then
    first=$epoch
    oldest="the checkpoint of $size entries existed not later than ${stated}Z"
  fi
}

awk '
  FILENAME == ARGV[1] { split($1, part, "/"); stamps[part[2]] = stamps[part[2]] $0 "\n"; next }
  {
    count = split(stamps[$2], line, "\n")
    for (i = 1; i < count; i++) print $1, $2, $4, line[i]
  }
' "$work/times" "$work/seals" > "$work/due"
good='' open='' wrong='' unread='' first=''
while read -r size name written path state epoch stated form; do
  judge_stamp
  case $verdict in
    good) good=yes ;;
    open) open=yes ;;
    unread) unread=yes ;;
    *) wrong=yes ;;
  esac
done < "$work/due"

# The token that an entry names must be here, and say what the entry says.
awk -F '\t' "$shared"'
  FILENAME == ARGV[1] { split($0, part, " "); size[part[2]] = part[1]; next }
  FILENAME == ARGV[2] { hash[substr($0, 66)] = substr($0, 1, 64); next }
  FILENAME == ARGV[3] { split($0, part, " "); time[part[1]] = part[4]; unread[part[1]] = part[2] == "unread"; next }
  {
    split($1, part, "/")
    at = $5
    sub(/\.[^.]*$/, "", at)
    if (!is_path($1) || !($1 in size) || !(("proof/" part[2] "/checkpoint") in size)) print "an entry names the token " $1 ", and it is not there"
    else if (hash[$1] != $2 || size[$1] "" != $3) print $1 " is not the token that its entry names"
    else if ($4 == "rfc3161" && !unread[$1] && (time[$1] == "-" || time[$1] != at)) print $1 " has another time than its entry states"
  }
' "$work/counted" "$work/sums" "$work/times" "$work/tokens" > "$work/extra"
if [ -s "$work/extra" ]; then wrong=yes; fi
note_all "$work/extra"
if [ -n "$wrong" ]; then
  tokens=FAIL
  say FAIL tokens 'a time-stamp is not there, or not good'
elif [ -n "$unread" ]; then
  tokens=UNCHECKED
  say UNCHECKED tokens "${no_stamps:-a time-stamp has a form that this openssl cannot check to the end}"
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

# What this ssh-keygen can do is tried with a signature that was made for that. `keys` is dated where it judges a key at a time,
# undated where it checks a signature and knows no times, or else nothing; zulu, where it reads a time that ends in Z. No version
# before OpenSSH 8.5 knows the times of a key, and none before 9.1 that Z; some do not know Ed25519 (in FIPS mode), or keys of devices.
probe_key='AAAAC3NzaC1lZDI1NTE5AAAAIEEC9LVBMT0WfHoyT3rPW+ew0NGfoC9wxP2YY2p6mEmR'
probe_device='AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIEEC9LVBMT0WfHoyT3rPW+ew0NGfoC9wxP2YY2p6mEmRAAAABHNzaDo='
probe_signature='-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgQQL0tUExPRZ8ejJPes9b57DQ0Z
+gL3DE/ZhjanqYSZEAAAAWaG9sZGZhc3QtY2hlY2twb2ludEB2MQAAAAAAAAAGc2hhNTEy
AAAAUwAAAAtzc2gtZWQyNTUxOQAAAEBsPn0KhnLUBoz97yEwMA/CSOceseDtSn2rAl9G/g
VR4nvQ8p4+xxoWADl1PR1a0WtqX599uk0HjFhC43b/KRID
-----END SSH SIGNATURE-----'
printf '%s\n' "$probe_signature" > "$work/probe/sig"
printf 'sk-ssh-ed25519@openssh.com %s\n' "$probe_device" > "$work/probe/device"
printf 'probe\n' > "$work/probe/message"

# try_key LIMITS [OPTION]: whether it takes that signature by a key with these limits.
try_key() {
  printf 'probe namespaces="%s"%s ssh-ed25519 %s\n' "$namespace" "$1" "$probe_key" > "$work/probe/signers"
  shift
  ssh-keygen -Y verify -f "$work/probe/signers" -I probe -n "$namespace" -s "$work/probe/sig" "$@" \
    < "$work/probe/message" > /dev/null 2>&1
}

keys=nothing zulu=''
for end in Z ''; do
  limits=",valid-after=\"20200101000000$end\",valid-before=\"20210101000000$end\""
  if try_key "$limits" -Overify-time=20200601000000; then
    if ! try_key "$limits" -Overify-time=20220601000000; then keys=dated zulu=$end; fi
    break
  fi
done
if [ "$keys" = nothing ] && try_key ''; then keys=undated; fi
old_keys=''
if [ "$keys" != dated ]; then
  old_keys=''
  if command -v ssh > /dev/null; then old_keys=$(ssh -V 2>&1 < /dev/null); fi
  old_keys="this ssh-keygen is too old ($(version_of "$old_keys")), or cannot check such a key at a time; OpenSSH 8.7 or later can"
fi

# knows_devices: whether it reads the keys of security devices.
knows_devices() {
  ssh-keygen -l -f "$work/probe/device" > /dev/null 2>&1
}

# signed_by SIGNERS [OPTION...]: whether the file allows the signature over the checkpoint in proof/`name`. Leaves what
# ssh-keygen says of it in the file `words`.
signed_by() {
  allowed=$1
  shift
  ssh-keygen -Y verify -f "$allowed" -I "$origin" -n "$namespace" -s "proof/$name/checkpoint.sig" "$@" \
    < "proof/$name/checkpoint" > "$words" 2> /dev/null
}

# examine_signatures: whether the trusted file allows each at its time, and what ssh-keygen says then.
examine_signatures() {
  words=$part.words
  while read -r name when stamped stated key; do
    line=-
    if [ "$keys" = dated ] && [ -f "proof/$name/checkpoint.sig" ] && signed_by "$trusted" "-Overify-time=$stated"; then IFS= read -r line < "$words"; fi
    printf '%s %s\n' "$name" "$line"
  done
}

# take_key: where `key` is another than the one before, sets print to its fingerprint.
take_key() {
  if [ "$key" = "$last" ]; then return; fi
  last=$key
  printf '%s namespaces="%s" %s\n' "$origin" "$namespace" "$key" > "$work/inforce"
  printf '%s\n' "$key" > "$work/key"
  print=$(ssh-keygen -l -f "$work/key" 2> /dev/null | cut -d ' ' -f 2)
}

# signed_at_once: whether the trusted file allows the signature at its time, by the very key in force. That is all there is to ask
# of nearly every one.
signed_at_once() {
  if [ -z "$print" ] || is_marked; then return 1; fi
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
  while IFS= read -r mark; do
    case $mark in
      *"${key#* }"*) return 0 ;;
    esac
  done < "$work/marked"
  return 1
}

# is_after_theft: whether the log says that `key` was stolen, and no time-stamp shows this signature to be older.
is_after_theft() {
  while read -r theft stolen; do
    if [ "$stolen" != "$key" ]; then continue; fi
    if [ "$theft" = - ] || [ "$stamped" = no ] || [ "$stated" -ge "$theft" ]; then return 0; fi
  done < "$work/thefts"
  return 1
}

# is_device: whether the key in force is that of a security device, and such keys are unknown here.
is_device() {
  case $key in
    'sk-ssh-ed25519@openssh.com AAAA'*) ! knows_devices ;;
    *) return 1 ;;
  esac
}

# judge_signature: the signature over the checkpoint in proof/`name`, of which `line` is what examine_signatures says.
judge_signature() {
  if [ ! -f "proof/$name/checkpoint.sig" ]; then
    note "proof/$name/checkpoint has no signature"
    return
  fi
  take_key
  if [ "$keys" = nothing ]; then
    return
  elif [ -z "$print" ] && is_device; then
    printf '%s\n' "proof/$name/checkpoint.sig is by the key of a security device, which this ssh-keygen cannot read" >> "$work/doubtful"
    return
  elif [ "$keys" = undated ]; then
    if signed_by "$work/inforce"; then return; fi
    note "proof/$name/checkpoint.sig is not a signature over this checkpoint by the key that the log names for it"
    return
  elif signed_at_once; then
    standing=allowed
  elif ! signed_by "$work/inforce"; then
    note "proof/$name/checkpoint.sig is not a signature over this checkpoint by the key that the log names for it"
    return
  elif is_marked; then
    if [ "$stamped" = yes ] && signed_by "$work/marked" "-Overify-time=$stated"; then standing=allowed; else standing=stolen; fi
  elif [ "$line" != - ]; then
    standing=allowed
  elif signed_by "$trusted" "-Overify-time=$when"; then
    standing=late
  elif [ -e "$work/unread/$name" ]; then
    standing=unknown
  else
    note "proof/$name/checkpoint.sig is by a key that $named does not allow for this log at that time"
    return
  fi
  if is_after_theft; then standing=stolen; fi
  if [ "$standing" != allowed ] && [ -e "$work/unread/$name" ]; then standing=unknown; fi
  case $standing in
    unknown) printf '%s\n' "proof/$name/checkpoint.sig: whether it counts is for a time-stamp to say that was not checked" >> "$work/doubtful" ;;
    allowed)
      if [ "$line" = - ]; then IFS= read -r line < "$words"; fi
      printf '%s\n' "$line" >> "$work/who"
      # What an older checkpoint covers rests on this one then.
      if [ -s "$work/uncounted" ]; then
        cat "$work/uncounted" >> "$work/unrelied"
        : > "$work/uncounted"
      fi
      ;;
    late) printf '%s\n' "proof/$name/checkpoint.sig: its time-stamp is later than the key was in force" >> "$work/late" ;;
    *)
      printf '%s\n' "proof/$name/checkpoint.sig: by a stolen key, and no time-stamp under a trusted root is older than the theft" \
        >> "$work/uncounted"
      : > "$work/stolen/$name"
      ;;
  esac
}

key='' print='' last=''
for list in who late marked uncounted unrelied doubtful; do : > "$work/$list"; done
tab=$(printf '\t') cr=$(printf '\r')
trusted=proof/allowed_signers named='proof/allowed_signers'
if [ -n "$signers" ]; then trusted=$work/signers named='the file of --signers'; fi
case $origin in
  holdfast/*) is_hex "${origin#holdfast/}" 32 || note 'the origin of this log has not its form' ;;
  *) note 'the origin of this log has not its form' ;;
esac
if [ ! -f "$trusted" ]; then
  note 'proof/allowed_signers is not there'
elif [ "$keys:$zulu" = dated: ]; then
  # Here all times are those of UTC, with a Z and without.
  awk '{
    rest = $0
    line = ""
    while (match(rest, /[Vv][Aa][Ll][Ii][Dd]-[A-Za-z]+="[0-9]+Z"/)) {
      line = line substr(rest, 1, RSTART + RLENGTH - 3) "\""
      rest = substr(rest, RSTART + RLENGTH)
    }
    print line rest
  }' "$trusted" > "$work/undated"
  trusted=$work/undated
fi
if [ ! -s "$work/notes" ]; then
  sort_signers
  now=$(date -u +%Y%m%d%H%M%S)
  # A signature counts as made when the log says, or not later than its oldest time under a trusted root.
  awk -v now="$now" '
    FILENAME == ARGV[1] {
      gsub(/[^0-9 ]/, "", $3)
      if (!($1 in stamp) || $3 < stamp[$1]) stamp[$1] = $3
      next
    }
    {
      when = $3 == "-" ? now : $3
      name = $2
      sub(/^[^ ]* [^ ]* [^ ]* [^ ]* /, "")
      print name, when, (name in stamp ? "yes " stamp[name] : "no " when), $0
    }
  ' "$work/trusted" "$work/seals" > "$work/due"
  spread examine_signatures "$work/due"
  words=$work/words
  while read -r name when stamped stated key <&3; do
    read -r examined line
    if [ "$examined" != "$name" ]; then stop 'a part of the check did not come to its end'; fi
    judge_signature
  done 3< "$work/due" < "$work/said"
fi
# What rests on a signature that is in doubt is in doubt itself.
if [ -s "$work/doubtful" ]; then
  cat "$work/uncounted" >> "$work/doubtful"
  : > "$work/uncounted"
fi
note_all "$work/uncounted"
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
  note_all "$work/notes.all"
  note_all "$work/doubtful"
  if [ -n "$old_keys" ]; then
    signature=UNCHECKED
    say UNCHECKED signature "$old_keys"
  elif [ -s "$work/doubtful" ]; then
    signature=UNCHECKED
    say UNCHECKED signature 'a signature could not be checked to the end here'
  elif [ -n "$skipped" ]; then
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

# can_witness: whether it can check what needs no list of keys, and reads the keys of devices.
can_witness() {
  ssh-keygen -Y check-novalidate -n "$namespace" -s "$work/probe/sig" < "$work/probe/message" > /dev/null 2>&1 && knows_devices
}

count=0 bad='' unable=''
while read -r size name root; do
  for path in "proof/$name"/witness-*.sig; do
    [ -f "$path" ] || continue
    count=$((count + 1))
    if ! ssh-keygen -Y check-novalidate -n "$namespace" -s "$path" < "proof/$name/checkpoint" \
      > "$work/words" 2> /dev/null; then
      if ! can_witness; then
        unable=yes
        continue
      fi
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
elif [ -n "$unable" ]; then
  say UNCHECKED witnesses 'this ssh-keygen cannot check the signature of one of them'
else
  note_all "$work/seen"
  say PASS witnesses 'each of these keys signed; whose they are is not shown here'
fi

# ---- against: the one step that shows a log written anew ----

# read_held: sets the first line of the checkpoint that whoever checks brought along, its size and its root in hex.
read_held() {
  awk "$shared"'
    { whole = whole $0 "\n" }
    END { if (is_checkpoint(whole)) print told[1] "\n" told[2] " " to_hex(told[3]) }
  ' "$work/held" > "$work/told"
  { IFS= read -r one && read -r wanted mine; } < "$work/told"
}

if [ -z "$held" ]; then
  say ABSENT against 'no older checkpoint was given (--against): a log written anew by its operator would not be seen'
elif [ -n "$(tail -c 1 "$work/held")" ] || ! is_plain_text "$work/held" || ! read_held; then
  say FAIL against 'the file of --against is not the three lines of a checkpoint'
elif [ "$one" != "$origin" ]; then
  say FAIL against 'the checkpoint you hold is that of another log'
else
  there=''
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

# state TEXT PREFIX: adds each {"bytes":N,"path":"P","sha256":"H"} in it to the lists of what must be there.
statements='
BEGIN { dir = ENVIRON["work"] }
function want(hash, path) { print hash, path > (dir "/want") }
function state(text, prefix, pieces, piece, word, i) {
  pieces = split(text, piece, "[{]")
  for (i = 1; i <= pieces; i++) {
    if (piece[i] !~ /^"bytes":/) continue
    if (piece[i] !~ /^"bytes":[^,]*,"path":"[^"]*","sha256":"[^"]*"}/) {
      print "an entry or annex states a file in a way that this script cannot read" > (dir "/extra")
      continue
    }
    split(piece[i], word, "\"")
    want(word[10], prefix word[6])
    print substr(word[3], 2, length(word[3]) - 2), prefix word[6] > (dir "/want.sizes")
  }
}
'

: > "$work/want.sizes"
: > "$work/extra"
if [ -s "$work/captures" ]; then
  # Of derivations the newest counts, of pages each.
  awk "$shared$statements"'
    FILENAME == ARGV[1] {
      row = $3 - 10000000
      if ($1 == "derive" && $2 in newest) delete id[newest[$2]]
      if ($1 == "derive") newest[$2] = row
      if ($1 == "derive" || $1 == "capture") { id[row] = $2; about[row] = $1 == "derive" ? "derived/derivation.json" : "record.json" }
      if ($1 == "page") { id[row] = $2; about[row] = "" }
      next
    }
    FNR in id {
      state($0, "data/" id[FNR] "/")
      if (about[FNR] == "") about[FNR] = "page/" before(behind_last($0, ",\"version\":\""), "\"") "/page.json"
      want(before(behind_last($0, "\"record_sha256\":\""), "\""), "data/" id[FNR] "/" about[FNR])
    }
  ' "$work/captures" "$work/lines"
fi
note_all "$work/extra"
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
  : > "$work/extra"
  awk "$shared$statements"'
    FILENAME == ARGV[1] { there[$2] = 1; next }
    FILENAME == ARGV[2] {
      if ($1 == "capture" || $1 == "capture-failed" || $1 == "page") id[$3 - 10000000] = $2
      if ($1 == "page") page[$3 - 10000000] = 1
      next
    }
    FNR in id {
      folder = "data/" id[FNR] "/annex/"
      if (FNR in page) folder = folder before(behind_last($0, ",\"version\":\""), "\"") "/"
      path = folder "annex.json"
      want(before(behind($0, "\"annex_sha256\":\""), "\""), path)
      if (!(path in there)) next
      while ((getline line < path) > 0) state(line, folder)
      close(path)
    }
  ' "$work/counted" "$work/captures" "$work/lines"
  note_all "$work/extra"
  compare "$work/private"
  judge annex 'each annex is the one that its entry states' 'an annex is not the one that its entry states'
fi

finish
