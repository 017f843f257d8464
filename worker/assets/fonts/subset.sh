#!/bin/sh
# Makes the typefaces in this folder anew. See README.md; run it on Debian 12, where the sources
# are of the versions named there:
#   apt-get install fonts-noto-core fonts-noto-cjk
#   pip install 'fonttools==4.*'
#   npm pack @expo-google-fonts/eb-garamond@0.4.3 @expo-google-fonts/noto-emoji@0.4.7 \
#            @expo-google-fonts/noto-sans-mono@0.4.2        (each unpacked under $NPM/<name>)
set -eu
NPM=${NPM:?the folder with the unpacked npm packages}
OUT=$(cd "$(dirname "$0")" && pwd)
NOTO=/usr/share/fonts/truetype/noto
CJK=/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc
KEEP='--no-hinting --name-IDs=0,1,2,3,5,6,13,14 --notdef-outline'
LATIN=U+20-24F,U+259,U+2B0-52F,U+1E00-1EFF,U+2000-209F,U+20A0-20BF,U+2100-218F,U+2190-2193,U+2212,U+25A0-25CC,U+FB00-FB06,U+FFFD

for pair in 400Regular/EBGaramond_400Regular:EBGaramond-Regular \
            400Regular_Italic/EBGaramond_400Regular_Italic:EBGaramond-Italic \
            500Medium/EBGaramond_500Medium:EBGaramond-Medium; do
  pyftsubset "$NPM/eb-garamond/${pair%%:*}.ttf" --unicodes=$LATIN $KEEP \
    --layout-features=ccmp,locl,liga,kern,mark,mkmk,lnum,pnum,tnum --output-file="$OUT/${pair##*:}.ttf"
done
pyftsubset "$NPM/noto-sans-mono/400Regular/NotoSansMono_400Regular.ttf" --unicodes=U+20-7E $KEEP \
  --layout-features= --output-file="$OUT/NotoSansMono-Regular.ttf"
pyftsubset "$NPM/noto-emoji/400Regular/NotoEmoji_400Regular.ttf" --unicodes='*' $KEEP \
  --layout-features= --output-file="$OUT/NotoEmoji-Regular.ttf"
pyftsubset $NOTO/NotoSerif-Regular.ttf $KEEP --layout-features=ccmp,locl,liga,kern,mark,mkmk \
  --unicodes=$LATIN,U+250-2AF,U+1AB0-1AFF,U+1C80-1CFF,U+1D00-1DFF,U+1F00-1FFF,U+2C60-2C7F,U+A640-A69F,U+A720-A7FF \
  --output-file="$OUT/NotoSerif-Regular.ttf"
for script in NaskhArabic SerifHebrew SerifArmenian SerifGeorgian SerifDevanagari SerifBengali \
              SerifGurmukhi SerifGujarati SerifTamil SerifTelugu SerifKannada SerifMalayalam \
              SerifSinhala SerifThai SerifLao SerifKhmer SerifMyanmar SerifEthiopic; do
  pyftsubset "$NOTO/Noto$script-Regular.ttf" --unicodes='*' --layout-features='*' $KEEP \
    --output-file="$OUT/Noto$script-Regular.ttf"
done

# Han: what GB 2312, JIS X 0208 and the first level of Big5 have, with kana, bopomofo and signs.
HAN=$(mktemp)
python3 - > "$HAN" <<'PYTHON'
def plane(codec, rows, cells):
    pairs = (bytes([row, cell]).decode(codec, "ignore") for row in rows for cell in cells)
    return {ord(c) for c in pairs if len(c) == 1 and "\u3400" <= c <= "\u9fff"}

cells = range(0xA1, 0xFF)
points = plane("gb2312", range(0xB0, 0xF8), cells) | plane("euc_jp", range(0xB0, 0xF5), cells)
points |= plane("big5", range(0xA4, 0xC7), [*range(0x40, 0x7F), *cells])
for first, last in [(0x20, 0x20), (0x3000, 0x301F), (0x3041, 0x30FF), (0x3105, 0x312F), (0xFF01, 0xFF5E)]:
    points |= set(range(first, last + 1))
print("\n".join(f"{point:04X}" for point in sorted(points)))
PYTHON
NO_VERTICAL='--drop-tables+=vhea,vmtx,VORG,BASE'
pyftsubset $CJK --font-number=2 --unicodes-file="$HAN" $KEEP $NO_VERTICAL \
  --layout-features=ccmp,liga,mark,mkmk --output-file="$OUT/NotoSerifCJKsc-Han.otf"
pyftsubset $CJK --font-number=1 --unicodes=U+20,U+3131-318E,U+AC00-D7A3 $KEEP $NO_VERTICAL \
  --layout-features= --output-file="$OUT/NotoSerifCJKkr-Hangul.otf"
rm "$HAN"
