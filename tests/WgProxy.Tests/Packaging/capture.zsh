# Says what zsh offers for each line given: LINE:WORDS. An interactive zsh has a terminal of its own here, in which a widget asks
# the completion. All matches pass compadd.
zmodload zsh/zpty
folder=${0:A:h}/../../../contrib/completion
zpty inner zsh -f -i
zpty -w inner "PS1=; fpath=(${(q)folder} \$fpath); autoload -Uz compinit; compinit -u -D"
zpty -w inner 'compadd() {
    local -a found
    [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]] || { builtin compadd -A found "$@"; offered+=("${(@)found}"); }
    builtin compadd "$@"
}
ask() {
    offered=()
    _main_complete >/dev/null 2>&1
    compstate[insert]= compstate[list]=
    print -r -- "<<${(u)offered}>>"
}
zle -C ask complete-word ask
bindkey "^T" ask
print "<<ready""ness>>"'
zpty -r inner line '*<<readyness>>*'
for each; do
    zpty -w -n inner $'\C-u'"$each"$'\C-t'
    zpty -r inner line '*<<*>>*'
    print -r -- "$each:${${line##*<<}%%>>*}"
done
zpty -d inner
