# Starts what hal/slot.Boot says, word by word. The boot record is there twice, at 1 MiB
# and 64 KiB behind; the higher gen of those whose sum is right counts. U-Boot's
# environment sets before: blk, blkdev, disk, console, more, boot (number of this script),
# tree (how the device tree comes), *_addr_r, rec0, rec1, rec2. No key stops it.
${blk} dev ${blkdev}

setenv keys gen good try tries floor slot_a slot_b why fails
setenv gen
setenv g0
setenv g1
setenv have
setenv at 880
if ${blk} read ${rec0} 800 20; then if env import -c ${rec0} 4000 gen; then setenv g0 ${gen}; fi; fi
setenv gen
if ${blk} read ${rec1} 880 20; then if env import -c ${rec1} 4000 gen; then setenv g1 ${gen}; fi; fi
if test -n "${g0}"; then setenv have 0; fi
if test -n "${g1}"; then
  if test -z "${g0}"; then setenv have 1; elif itest ${g1} -gt ${g0}; then setenv have 1; fi
fi
for k in ${keys}; do setenv ${k}; done
if test "${have}" = 0; then env import -c ${rec0} 4000 ${keys}; fi
if test "${have}" = 1; then env import -c ${rec1} 4000 ${keys}; setenv at 800; fi

setenv keep 'setexpr gen ${gen} + 1; if env export -c -s 4000 ${rec2} ${keys} && ${blk} write ${rec2} ${at} 20; then if test ${at} = 800; then setenv at 880; else setenv at 800; fi; true; else false; fi'
setenv giveup 'setenv why ${try}/${ended}; setenv try; setenv tries 0; run keep'
setenv words 'setenv bootargs "console=${console} quiet loglevel=2 panic=5 printk.devkmsg=on centralita.disk=${disk} centralita.boot=${boot} ${more}"'
setenv start 'load ${blk} ${blkdev}:${part} ${kernel_addr_r} ${dir}kernel && run tree && load ${blk} ${blkdev}:${part} ${ramdisk_addr_r} ${dir}initrd && booti ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${tree_addr}'
setenv slot 'if test ${s} = a; then setenv part 2; else setenv part 3; fi; run words; setenv bootargs "${bootargs} centralita.slot=${s} ${mark}"; echo "centralita: starting slot ${s} ${mark}"; run start; echo "centralita: slot ${s} cannot be loaded"'

# A trial, counted down on the disk before it starts.
setenv mark
setenv ended ended
if test -n "${try}"; then
  setenv full
  if test "${try}" = a; then setenv full ${slot_a}; fi
  if test "${try}" = b; then setenv full ${slot_b}; fi
  setenv left
  if test -n "${tries}"; then if test ${tries} -gt 0; then setenv left ${tries}; fi; fi
  setenv go
  if test -n "${full}" && test -n "${left}"; then
    setexpr tries ${tries} - 1
    setenv go standing
    if run keep; then
      setenv go
      setenv mark centralita.trial=1
      setenv s ${try}
      run slot
      setenv mark
      setenv ended unbootable
    else
      setenv tries ${left}
    fi
  fi
  if test -z "${go}"; then run giveup; fi
fi

# What stands: the good slot, else the other if it is fit, else the recovery. Each start is
# counted on the disk before; the system strikes it out once it works. Four of the good slot
# that nobody struck out: the other, then the recovery. Without a record a, b.
setenv silent
if test -n "${have}"; then
  if test -z "${fails}"; then setenv fails 0; fi
  setenv other a
  setenv full ${slot_a}
  if test "${good}" = a; then setenv other b; setenv full ${slot_b}; fi
  setenv fit ${other}
  if test -z "${full}"; then setenv fit; fi
  if test -n "${full}" && test -n "${floor}"; then if test ${full} -lt ${floor}; then setenv fit; fi; fi
  setenv was ${fails}
  setenv waswhy ${why}
  setenv one ${good}
  setenv two ${fit}
  setexpr fails ${was} + 1
  if test ${was} -ge 4; then
    setenv one
    setenv why ${good}/starts
    if test ${was} -gt 4 || test -z "${fit}"; then setenv two; setenv fails 0; setenv silent 1; fi
  fi
  if run keep; then
    setenv mark centralita.counted=1
  else
    setenv fails ${was}
    setenv why ${waswhy}
    setenv one ${good}
    setenv two ${fit}
    setenv silent
  fi
  if test -n "${one}"; then setenv s ${one}; run slot; fi
  if test -n "${two}"; then setenv s ${two}; run slot; fi
  if test ${fails} != 0; then setenv fails 0; run keep; fi
else
  setenv s a
  run slot
  setenv s b
  run slot
fi
echo "centralita: starting the recovery"
setenv part 1
setenv dir recovery/
run words
if test -n "${silent}"; then setenv bootargs "${bootargs} centralita.silent=${good}"; fi
setenv bootargs "${bootargs} centralita.recovery=1"
run start
reset
