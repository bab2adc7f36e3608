export const id=953;export const ids=[953];export const modules={8953:(e,o,n)=>{n.d(o,{formatCompletion:()=>$});var s=n(76760),t=n(12925),a=n(61113);let p="publish-docker-package",c=e=>e.map(e=>`--${e}`).join(" "),i={bash:function(e){let o=e.map(({name:e,options:o})=>`    ${e}) options='${c(o)}' ;;`);return`_publish_docker_package() {
  local options names='${e.map(({name:e})=>e).join(" ")}'
  case $\{COMP_WORDS[1]} in
${o.join("\n")}
    *) options='${c(e[0]?.options??[])}' ;;
  esac
  [[ $COMP_CWORD -eq 1 ]] && options="$names $options"
  COMPREPLY=($(compgen -W "$options" -- "$\{COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _publish_docker_package ${p}
`},zsh:function(e){let o=e.map(({name:e,options:o})=>`    ${e}) options=(${c(o)}) ;;`);return`#compdef ${p}
_publish_docker_package() {
  local -a options names
  names=(${e.map(({name:e,does:o})=>`'${e}:${o}'`).join(" ")})
  case $\{words[2]} in
${o.join("\n")}
    *) options=(${c(e[0]?.options??[])}) ;;
  esac
  (( CURRENT == 2 )) && _describe command names
  [[ $PREFIX == -* ]] && compadd -- $options || _files
}
(( $+functions[compdef] )) && compdef _publish_docker_package ${p}
`},fish:function(e){let o=e.map(({name:e})=>e).join(" "),n=`not __fish_seen_subcommand_from ${o}`,s=e.flatMap(({name:e,does:o,options:s},t)=>[`complete -c ${p} -n '${n}' -a ${e} -d '${o}'`,...s.map(o=>{let s=`__fish_seen_subcommand_from ${e}`,a=0===t?`${n}; or ${s}`:s;return`complete -c ${p} -n '${a}' -l ${o}`})]);return`complete -c ${p} -f -n '${n}'
${s.join("\n")}
`}};function $(e){let o=Object.hasOwn(i,(0,s.basename)(e))?i[(0,s.basename)(e)]:void 0;if(void 0!==o)return o(Object.entries(a.P).map(([e,{defaults:o,does:n}])=>({name:e,does:n,options:[...Object.keys(o),..."plan"===e?["json"]:[],"help"]})));throw new t.dz("INPUT_INVALID",{message:`"${e}" is not a shell that can be completed: expected ${Object.keys(i).join(", ")}.`,remedy:`Write, for example: ${p} completion bash`})}}};