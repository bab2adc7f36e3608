export const id=8953;export const ids=[8953];export const modules={8953:((e,o,n)=>{n.d(o,{formatCompletion:()=>$});var t=n(76760),s=n(12925),a=n(61113);let p="publish-docker-package",c=e=>e.map(e=>`--${e}`).join(" "),i={bash:function(e){let o=e.map(({name:e,options:o})=>`    ${e}) options='${c(o)}' ;;`);return`_publish_docker_package() {
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
`},fish:function(e){let o=e.map(({name:e})=>e).join(" "),n=`not __fish_seen_subcommand_from ${o}`,t=e.flatMap(({name:e,does:o,options:t},s)=>[`complete -c ${p} -n '${n}' -a ${e} -d '${o}'`,...t.map(o=>{let t=`__fish_seen_subcommand_from ${e}`,a=0===s?`${n}; or ${t}`:t;return`complete -c ${p} -n '${a}' -l ${o}`})]);return`complete -c ${p} -f -n '${n}'
${t.join("\n")}
`}};function $(e){let o=(0,t.basename)(e).replace(/\.exe$/i,""),n=Object.hasOwn(i,o)?i[o]:void 0;if(void 0!==n)return n(Object.entries(a.P).map(([e,{defaults:o,does:n}])=>({name:e,does:n,options:[...Object.keys(o),..."plan"===e?["json"]:[],"help"]})));throw new s.dz("INPUT_INVALID",{message:`"${e}" is not a shell that can be completed: expected ${Object.keys(i).join(", ")}.`,remedy:`Write, for example: ${p} completion bash`})}})};