# mj report: one file, complete or not at all.

$ mj report bill llama-3.1-70b on h100
? 2
error: --out is missing: name the file to write

$ mj report
? 2
mj report wants bill or ladder first

$ mj report bill llama-3.1-70b on h100 --out $TMP/a.html --json
? 2
error: a report is a document

$ mj report bill llama-3.1-70b on h100 --out $TMP
? 2
is a folder

$ mj report bill llama-3.1-70b on h100 --out $TMP/nowhere/a.html
? 2
No such file or directory

$ mj report bill llama-3.1-70b on h100 --out /dev/full
? 2
/dev/full: error: cannot write: No space left on device

$ mj report bill llama-3.1-70b on h100 --out - > /dev/full
? 2
error: cannot write the result: No space left on device

# A file that may not grow past 1 block plays the full disk: the old one stays, nothing lies beside.
$ mkdir $TMP/d; echo old > $TMP/d/a.html; (ulimit -f 1; mj report bill llama-3.1-70b on h100 --out $TMP/d/a.html); echo "code $?"; cat $TMP/d/a.html; ls -A $TMP/d | wc -l
cannot write: File too large
code 2
old
1

$ mj report bill llama-3.1-70b on h100 --out $TMP/b.html && tail -5 $TMP/b.html
mj report bill llama-3.1-70b on h100 --out
millijoule
</html>
! error

$ mj report bill llama-3.1-70b on h100 --set "chip.hbm.read=2 pJ/B" --out -
<!DOCTYPE html>
&#39;chip.hbm.read=2 pJ/B&#39;

$ mj report bill llama-3.1-70b on h100 --svg --out - | head -1
<svg xmlns="http://www.w3.org/2000/svg"

$ mj report ladder post-100b --out - | grep -c "<h1>"
1

$ mj report ladder no-such-ladder --out -
? 2
error:
