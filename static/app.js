// Made by bundle.mjs from htmx (0BSD, see LICENSE beside it) and static/js; do not edit.
// vendor/htmx.org-4.0.1/htmx.min.js
var htmx=(()=>{const e={parse(t){if(!t)return{};if(t.startsWith("{"))return JSON.parse(t);let r=/(?:"([^"]+)"|'([^']+)'|([^\s,:]+))(?:\s*:\s*(?:"([^"]*)"|'([^']*)'|<((?:[^/]|\/(?!>))+)\/>|([^\s,]+)))?(?=\s|,|$)/g,i={};for(let s of t.matchAll(r)){let[,t,r,n,o,a,l,h]=s,c=t??r??n,u=(o??a??l??h??"true").trim();try{u=JSON.parse(u)}catch{}let d=n?.includes("."),f=d?c.split(".").reduceRight((e,t)=>({[t]:e}),u):{[c]:u};e.merge(f,i)}return i},split:e=>e.split(/,(?![^\[]*\])(?![^(]*\))(?![^<]*\/>)(?=(?:[^"']|"[^"]*"|'[^']*')*$)/),merge(t,r){"string"==typeof t&&(t=e.parse(t));for(let[i,s]of Object.entries(t)){if(["__proto__","constructor","prototype"].includes(i))continue;let t=s?.constructor===Object,n=r[i]?.constructor===Object;t&&n?e.merge(s,r[i]):r[i]=s}return r}};class t{#e=null;#t=[];admit(e,t,r){if(!this.#e)return this.#e={strategy:e,abort:r},"run";if("replace"===e||"abort"!==e&&"abort"===this.#e.strategy)return this.#t=[],this.#e.abort?.(),this.#e={strategy:e,abort:r},"run";if("queue all"===e)this.#t.push(t);else if("queue last"===e)this.#t=[t];else{if("abort"===e||"drop"===e||0!==this.#t.length)return"dropped";this.#t.push(t)}return"queued"}continue(e){this.#e?.abort===e&&(this.#e=null,this.#t.shift()?.())}abort(){this.#e?.abort?.()}}return new class{#r=e;#i=new Map;#s="";#n=new Set;_loc=window.location;#o;#a=Function;#l=Object.getPrototypeOf(async function(){}).constructor;#h={createHTML:e=>e,createScript:e=>e};#c;#u="a,form";#d=["get","post","put","patch","delete","query"];#f;#m;#p;#g;#x;constructor(){this.#b(),this.#y(),this.#c=this.#S("[hx-action],[hx-get],[hx-post],[hx-put],[hx-patch],[hx-delete],[hx-query]"),this.#f=(new XPathEvaluator).createExpression(`.//*[@*[${this.#v("hx-on").map(e=>`starts-with(name(), "${e}")`).join(" or ")}]]`),this.#o={HCON:e,attributeValue:this.#E.bind(this),parseTriggerSpecs:this.#w.bind(this),determineMethodAndAction:this.#A.bind(this),createRequestContext:this.#T.bind(this),collectFormData:this.#C.bind(this),getAttributeObject:this.#q.bind(this),insertContent:this.#N.bind(this),morph:this.#I.bind(this),isSoftMatch:this.#M.bind(this),initSecurity:(e,t,r)=>{e&&(this.#h=e),t&&(this.#a=t),r&&(this.#l=r)},onTrigger:this.#O.bind(this),htmxProp:this.#H.bind(this),triggerHtmxEvent:this.#L.bind(this),executeJavaScript:this.#k.bind(this)};let t=()=>this.initialize();"loading"===document.readyState?document.addEventListener("DOMContentLoaded",t):setTimeout(t)}#b(){this.version="4.0.1",this.config={logAll:!1,prefix:"data-hx-",transitions:!1,history:!0,mode:"same-origin",defaultSwap:"innerHTML",defaultFocusScroll:!1,indicatorClass:"htmx-indicator",requestClass:"htmx-request",includeIndicatorCSS:!0,defaultTimeout:6e4,extensions:"",morphIgnore:["data-htmx-powered"],morphSkip:"[hx-morph-skip]",morphSkipChildren:"[hx-morph-skip-children]",morphScanLimit:10,noSwap:[204,304],implicitInheritance:!1,defaultSettleDelay:1,allowEmptySwapAfterOOB:!1};let t=document.querySelector('meta[name="htmx-config"]');t&&e.merge(t.content,this.config),this.#s=this.config.extensions}#y(){if(!1!==this.config.includeIndicatorCSS){let e=this.config.indicatorClass,t=this.config.requestClass;try{this.indicatorStyleSheet=new CSSStyleSheet,this.indicatorStyleSheet.replaceSync(`.${e}{opacity:0;visibility: hidden} .${t} .${e}, .${t}.${e}{opacity:1;visibility: visible;transition: opacity 200ms ease-in}`),document.adoptedStyleSheets.push(this.indicatorStyleSheet)}catch{}}}registerExtension(e,t){return!(this.#s&&!this.#s.split(/,\s*/).includes(e))&&(!this.#n.has(e)&&(this.#n.add(e),t.init&&t.init(this.#o),void Object.entries(t).forEach(([e,t])=>{this.#i.get(e)?.push(t)||this.#i.set(e,[t])})))}#V(e){let t=this.config.prefix;return!e.closest||null!=e.closest("[hx-ignore]")||t&&null!=e.closest(`[${t}ignore]`)}#P(e,t){let r=this.config.prefix;return e.getAttribute(t)??(r?e.getAttribute(t.replace("hx-",r)):null)}#R(e,t){let r=this.config.prefix&&t.replace("hx-",this.config.prefix);return e.hasAttribute(t)?t:r&&e.hasAttribute(r)?r:null}#S(e){return this.#v(e).join(",")}#v(e){let t=[e];return this.config.prefix&&t.push(e.replaceAll("hx-",this.config.prefix)),t}#j(e,t){let r=[...e.querySelectorAll?.(t)??[]];return e.matches?.(t)&&r.unshift(e),r}#B(e){return"before"===e?"beforebegin":"after"===e?"afterend":"prepend"===e?"afterbegin":"append"===e?"beforeend":e}#z(e,t){let r=[];return this.#E(e,t,void 0,(e,t)=>{e?.split(/\s*[,:]\s*/).includes("this")&&r.push(t)}),r}#E(e,t,r,i,s=this.config.implicitInheritance){t=this.#F(t);let n=this.#F(":inherited"),o=this.#F(":append"),a=this.#P(e,t)??this.#P(e,t+n);if(null!=a)return i?i(a,e):a;let l=CSS.escape(s?t:t+n),h=CSS.escape(t+n+o),c=this.#S(`[${l}],[${h}]`),u=this.#R(e,t+o)??this.#R(e,t+n+o);if(u){let r=e.getAttribute(u),n=e.parentNode?.closest?.(c);if(i&&i(r,e),n){let e=this.#E(n,t,void 0,i,s);return e?(e+","+r).replace(/[{}]/g,""):r}return r}let d=e.parentNode?.closest?.(c);return d?(a=this.#E(d,t,void 0,i),!i&&a&&s&&this.#$(e,"htmx:after:implicitInheritance",{elt:e,name:t,parent:d}),a):r}#w(t){return e.split(t).flatMap(t=>{t=t.replace(/^\s*every\s+(\S+?)\s*(\[[^\]]*\])/,"every$2 $1");let[,r,i]=t.match(/^\s*(\S+\[[^\]]*\]|\S+)\s*(.*?)\s*$/)??[];if(!r)return[];if(/\[[^\]]*$/.test(r))throw"unterminated:"+r;return[{name:r,...e.parse(i)}]})}#A(e,t){let r=this.#E(e,"hx-method"),i=this.#E(e,"hx-action",void 0,void 0,!1);if(!i)for(let t of this.#d){let s=this.#E(e,"hx-"+t,void 0,void 0,!1);if(null!=s){i=s,r=t;break}}return this.#D(e)&&(i||=t.submitter?.getAttribute?.("formAction")||e.getAttribute(e.matches("a")?"href":"action")),r||=t.submitter?.getAttribute?.("formmethod")||e.getAttribute("method")||"GET",{action:i,method:r.toUpperCase()}}#H(e){return e._htmx||(e._htmx={listeners:[],triggerSpecs:[]},e.setAttribute("data-htmx-powered","true")),e._htmx}#W(e){return e._htmx_state||={}}#_(e){if(this.#U(e)&&this.#L(e,"htmx:before:init",{},!0)){let t=this.#H(e);t.initialized=!0,t.eventHandler=this.#Q(e),this.#J(e),this.#L(e,"htmx:after:init",{},!0)}}#Q(e){return async t=>{try{let r=this.#T(e,t);await this.#X(r)}catch(t){this.#L(e,"htmx:error",{error:t})}}}#T(t,r){let{action:i,method:s}=this.#A(t,r),[n,o]=(i||"").split("#"),a=new AbortController,l={sourceElement:t,sourceEvent:r,status:"created",select:this.#E(t,"hx-select"),selectOOB:this.#E(t,"hx-select-oob"),target:this.#E(t,"hx-target"),swap:this.#E(t,"hx-swap")??this.config.defaultSwap,push:this.#E(t,"hx-push-url"),replace:this.#E(t,"hx-replace-url"),transition:this.config.transitions,confirm:this.#E(t,"hx-confirm"),request:{validate:"true"===this.#E(t,"hx-validate",!t.matches("form")||t.noValidate||r.submitter?.formNoValidate?"false":"true",void 0,!1),action:n,anchor:o,method:s,headers:this.#G(t),abort:a.abort.bind(a),credentials:"same-origin",signal:a.signal,mode:this.config.mode}};t._htmx?.boosted&&e.merge(t._htmx.boosted,l),l.target=this.#K(t,l.target),l.target&&(l.request.headers["HX-Target"]=this.#Y(l.target));let h=this.#E(t,"hx-config");return h&&(e.merge(h,l.request),l.request.mode=this.config.mode),l}#Y(e){return`${e.tagName.toLowerCase()}${e.id?"#"+encodeURI(e.id):""}`}#G(e){let t={"HX-Request":"true","HX-Source":this.#Y(e),"HX-Current-URL":location.href,Accept:"text/html"};return this.#D(e)&&(t["HX-Boosted"]="true"),t}#Z(e,t){return this.#q(e,"hx-headers",e=>{for(let r in e)t.request.headers[r]=String(e[r])},{ctx:t})}#K(e,t){return t instanceof Element?t:null!=t?this.#ee(e,t,"hx-target"):this.#D(e)?document.body:e}#D(e){return e?._htmx?.boosted}async#X(e){let t=e.sourceElement,r=e.sourceEvent;if(!t.isConnected)return;if(this.#te(r))return;this.#re(r)&&r.preventDefault();let i=/GET|DELETE/.test(e.request.method),s=i?t.matches("form")?t:null:t.form||t.closest("form"),n=this.#C(t,s,r.submitter,e.request.validate,i);if(!n)return;let o=this.#q(t,"hx-vals",t=>{e.vals=t;for(let e in t)n.set(e,t[e])},{ctx:e});if(o&&await o,e.values)for(let t in e.values)n.delete(t),n.append(t,e.values[t]);let a=this.#Z(t,e);if(a&&await a,Object.assign(e.request,{form:s,submitter:r.submitter,body:n}),!this.#L(t,"htmx:config:request",{ctx:e}))return;if("DIALOG"===e.request.method)return;let l=this.#ie(e.request.action);if(null!=l){let t=Object.fromEntries(e.request.body);return void await this.#k(e.sourceElement,t,l,!1)}if(i){let t=new URL(e.request.action,document.baseURI);for(let r of e.request.body.keys())t.searchParams.delete(r);for(let[r,i]of e.request.body)t.searchParams.append(r,i);t.origin===location.origin?e.request.action=t.pathname+t.search:e.request.action=t.href,e.request.body=null}else"multipart/form-data"!==(this.#E(t,"hx-encoding")??s?.enctype)&&(e.request.body=new URLSearchParams(e.request.body));await this.#se(e)}async#se(e){let t=e.sourceElement,r=this.#ne(t),i=this.#oe(t);this.#ae(t);let s=()=>e.request?.abort?.();if("run"===i.admit(r,()=>this.#se(e),s)){e.status="issuing",e.indicators??=[],e.disabledElements??=[];try{if(e.confirm){if(!await new Promise(r=>{let i={ctx:e,issueRequest:()=>r(!0),dropRequest:()=>r(!1)};if(this.#L(t,"htmx:confirm",i)){let i=this.#ie(e.confirm);r(i?this.#k(t,{ctx:e},i,!0):window.confirm(e.confirm))}}))return}if(this.#le(e),this.#he(e),this.#ce(e),e.fetch||=window.fetch.bind(window),e.request.headers["HX-Request-Type"]=e.target===document.body||e.select?"full":"partial",!this.#L(t,"htmx:before:request",{ctx:e}))return;let r=await e.fetch(e.request.action,e.request);if(e.response={raw:r,status:r.status,headers:r.headers},this.#ue(e),!this.#L(t,"htmx:before:response",{ctx:e}))return;if(e.text=await r.text(),!this.#L(t,"htmx:after:request",{ctx:e}))return;if(e.response.status>=400&&this.#L(t,"htmx:response:error",{ctx:e}),this.#de(e))return void(e.keepIndicators=!0);if("issuing"===e.status){if(e.hx.retarget&&(e.target=e.hx.retarget),e.hx.reswap&&(e.swap=e.hx.reswap),e.hx.reselect&&(e.select=e.hx.reselect),!1===e.target?.isConnected)return;e.status="response received",this.#fe(e),await this.swap(e),e.status="swapped"}}catch(r){e.status="error: "+r,"AbortError"===r?.name&&"timeout"!==e.request.signal.reason||this.#L(t,"htmx:error",{ctx:e,error:r})}finally{await(e.extensionPromise?.catch(()=>{})),clearTimeout(e.requestTimeout),e.hx?.trigger&&this.#me(e.hx.trigger,e.sourceElement),this.#L(t,"htmx:finally:request",{ctx:e}),e.keepIndicators||(this.#pe(e.indicators),this.#ge(e.disabledElements)),i.continue(s)}}}#ue(e){e.hx={};for(let[t,r]of e.response.raw.headers)t.toLowerCase().startsWith("hx-")&&(e.hx[t.slice(3).toLowerCase().replace(/-/g,"")]=r)}#de(t){if("true"===t.hx.refresh)return this._loc.reload(),!0;if(t.hx.redirect)return this._loc.href=t.hx.redirect,!0;if(t.hx.location){let r=t.hx.location,i={},s=e.parse(r);return"{"!==r[0]&&null==s.path||(i=s,r=i.path,delete i.path),null==i.push&&null==i.replace&&(i.push="true"),i.indicators=t.indicators,i.disabledElements=t.disabledElements,this.ajax("GET",r,i),!0}}#le(e){let t=null!=e.request.timeout?this.parseInterval(e.request.timeout):this.config.defaultTimeout;t&&(e.requestTimeout=setTimeout(()=>e.request?.abort?.("timeout"),t))}#ne(e){let t=this.#E(e,"hx-sync");if(!t)return"queue first";let r=t.split(":").pop().trim();return/^(drop|abort|replace|queue)/.test(r)?r:"queue first"}#oe(e){let r=this.#E(e,"hx-sync"),i=e;if(r){let t=r.includes(":")?r.slice(0,r.lastIndexOf(":")).trim():/^(drop|abort|replace|queue)/.test(r)?null:r;t&&(i=this.#ee(e,t,"hx-sync")||e)}return this.#W(i).rq||=new t}#te(e){return"click"===e.type&&(e.ctrlKey||e.metaKey||e.shiftKey)&&!!e.currentTarget?.closest?.("a[href]")}#re(e){let t=e.currentTarget;if("submit"===e.type&&"FORM"===t?.tagName)return!0;if(!("click"===e.type&&0===e.button))return!1;let r=t?.closest?.('button, input[type="submit"], input[type="image"]'),i=r?.form||r?.closest("form");if(r&&!r.disabled&&i&&("submit"===r.type||"image"===r.type||!r.type&&"BUTTON"===r.tagName))return!0;let s=t?.closest?.("a");if(!s||!s.href)return!1;let n=s.getAttribute("href");return!(n&&n.startsWith("#")&&n.length>1)}#J(e,t=e._htmx.eventHandler){let r=this.#E(e,"hx-trigger",void 0,void 0,!1)||(e.matches("form")?"submit":e.matches("input:not([type=button]):not([type=submit]),select,textarea")?"change":"click");this.#O(e,r,t)}#O(e,t,r){let i=this.#w(t);this.#H(e).triggerSpecs.push(...i);for(let t of i){t.listeners=[];let[i,s]=this.#xe(t.name),n=[e];"outside"===t.from?n=[document]:t.from&&"self"!==t.from&&(n=this.#be(e,t.from));let o=i=>{if((t.halt||t.prevent)&&i.preventDefault(),(t.halt||t.stop||t.consume)&&i.stopPropagation(),t.changed){let t=this.#W(e).changedValues??=new WeakMap,r=i.target;if(!["checkbox","radio"].includes(r?.type)){let e=r?.value;if(t.has(r)&&t.get(r)===e)return;t.set(r,e)}}if(t.once)for(let e of t.listeners)e.fromElt.removeEventListener(e.eventName,e.handler,e);r(i)},a=o;if(t.delay?a=e=>{clearTimeout(t.timeout),t.timeout=setTimeout(()=>o(e),this.parseInterval(t.delay))}:t.throttle&&(a=e=>{t.throttled?t.throttledEvent=e:(t.throttled=!0,o(e),t.throttleTimeout=setTimeout(()=>{if(t.throttled=!1,t.throttledEvent){let e=t.throttledEvent;t.throttledEvent=null,a(e)}},this.parseInterval(t.throttle)))}),t.handler=r=>{if(this.#re(r)&&r.preventDefault(),("self"!==t.from||r.target===e)&&("outside"!==t.from||!e.contains(r.target))&&(!t.target||r.target?.matches?.(t.target))){if(s){let t={};for(let e in r)/^[a-z]+$/i.test(e)&&(t[e]=r[e]);if(!this.#k(e,t,s,!0,!1))return}if("every"!==i)for(let t of this.#H(e).triggerSpecs)clearTimeout(t.timeout),t.throttledEvent=null;a(r)}},"intersect"===i||"revealed"===i){let r={rootMargin:t.rootMargin};t.root&&(r.root=this.#ee(e,t.root)),t.threshold&&(r.threshold=parseFloat(t.threshold));let s="revealed"===i;t.observer=new IntersectionObserver(e=>{for(let r=0;r<e.length;r++)if(e[r].isIntersecting){this.trigger(e[r].target,"intersect",{},!1),s&&t.observer.disconnect();break}},r),i="intersect";for(let e of n)t.observer.observe(e)}if("every"===i){let r=Object.keys(t).find(e=>"name"!==e);t.interval=setInterval(()=>{e.isConnected?this.#L(e,"every",{},!1):clearInterval(t.interval)},this.parseInterval(r))}if("load"!==i)for(let r of n){let s={fromElt:r,eventName:i,handler:t.handler,capture:!!t.capture,passive:!!t.passive};e._htmx.listeners.push(s),t.listeners.push(s),r.addEventListener(i,t.handler,s)}else t.handler(new CustomEvent("load"))}}#xe(e){let t=e.match(/^([^\[]*)\[([^\]]*)]/);return t?[t[1],t[2]]:[e,null]}#me(t,r){if("{"===t[0]){let i=e.parse(t);for(let e in i){let t=i[e],s=r;t?.target&&(s=this.find(t.target)),this.trigger(s,e,"object"==typeof t?t:{value:t})}}else t.split(",").forEach(e=>this.trigger(r,e.trim(),{}))}#ye(e){let t={},r=Object.getPrototypeOf(this);for(let i of Object.getOwnPropertyNames(r))"constructor"!==i&&"function"==typeof this[i]&&(["find","findAll"].includes(i)?t[i]=(t,r)=>void 0===r?this[i](e,t):this[i](t,r):t[i]=this[i].bind(this));return t}#k(e,t,r,i=!0,s=!0,n=!1){let o={};Object.assign(o,this.#ye(e));let a={},l={scope:a,code:r};this.#$(e,"htmx:scope",l),r=l.code,Object.assign(o,a),Object.assign(o,t);let h=Object.keys(o),c=Object.values(o),u=new(s?this.#l:this.#a)(...h,i?`return (${r})`:r);return n?()=>u.call(e,...c):u.call(e,...c)}process(e,t){if(!e?.isConnected)return;if(!(e instanceof Element)){for(let r of e.children||[])this.process(r,t);return}if(t&&this.#Se(e,!0),this.#V(e))return;if(!this.#L(e,"htmx:before:process"))return;let r=[e],i=this.#f.evaluate(e),s=null;for(;s=i.iterateNext();)r.push(s);for(let e of r)!this.#V(e)&&this.#L(e,"htmx:before:on:init",{},!0)&&this.#ve(e);for(let t of this.#j(e,this.#c))this.#_(t);for(let t of this.#j(e,this.#u))this.#Ee(t);this.#L(e,"htmx:after:process")}#Ee(e){let t=this.#E(e,"hx-boost");if(t&&"false"!==t&&this.#we(e)&&this.#L(e,"htmx:before:init",{},!0)){let r=this.#H(e);r.initialized=!0,r.eventHandler=this.#Q(e),r.boosted=t,this.#J(e),this.#L(e,"htmx:after:init",{},!0)}}#we(e){if(this.#U(e))if("A"===e.tagName){if(""===e.target||"_self"===e.target)return!e.hasAttribute("download")&&!e.getAttribute("href")?.startsWith?.("#")&&this.#Ae(e.href)}else if("FORM"===e.tagName)return"dialog"!==e.method&&this.#Ae(e.action)}#Ae(e){try{return new URL(e,window.location.href).origin===window.location.origin}catch(e){return!1}}#U(e){return!e._htmx?.initialized&&!this.#V(e)}#Se(e,t){let r=[e,...e.querySelectorAll?.("[data-htmx-powered]")??[]];for(let e of r)if(e._htmx){this.#L(e,"htmx:before:cleanup");for(let t of e._htmx.triggerSpecs||[])t.interval&&clearInterval(t.interval),t.timeout&&clearTimeout(t.timeout),t.throttleTimeout&&clearTimeout(t.throttleTimeout),t.observer?.disconnect();for(let t of e._htmx.listeners||[])t.fromElt.removeEventListener(t.eventName,t.handler,t);e.removeAttribute("data-htmx-powered"),this.#L(e,"htmx:after:cleanup"),t&&delete e._htmx}}#Te(e){let t=document.createElement("div");t.hidden=!0,document.body.insertAdjacentElement("afterend",t);let r=e.querySelectorAll?.(this.#S("[hx-preserve]"))||[];for(let e of r){let r=document.getElementById(e.id);r&&this.#Ce(t,r,null)}return t}#qe(e){for(let t of[...e.children]){let e=document.getElementById(t.id);e&&(this.#Ce(e.parentNode,t,e),this.#Se(e),e.remove())}e.remove()}#Ne(e){let t=this.#h.createHTML(e);return Document.parseHTMLUnsafe?.(t,{})||(new DOMParser).parseFromString(t,"text/html")}#Ie(e){let t=e.replace(/<hx-([a-z]+)(\s+|>)/gi,'<template hx type="$1"$2').replace(/<\/hx-[a-z]+>/gi,"</template>"),r="";t=t.replace(/<head(\s[^>]*)?>[\s\S]*?<\/head>/i,e=>(r=this.#Ne(e).title,""));let i,s,n=t.match(/<([a-z][^\/>\x20\t\r\n\f]*)/i)?.[1]?.toLowerCase();if("html"===n||"body"===n?(i=this.#Ne(t),s=document.createDocumentFragment(),s.append(i.body)):(i=this.#Ne(`<template>${t}</template>`),s=i.querySelector("template").content),!r){let e=s.querySelector("title:not(svg title)");e&&(r=e.textContent,e.remove())}return this.#Me(s),{fragment:s,title:r}}#Oe(e,t,r,i){let s=t.id?"#"+CSS.escape(t.id):null,[,n,o]=r.match(/^(\S+):(.+)/)??[];n&&([r,s]=[n,o||s]),"true"!==r&&r||(r="outerHTML");let a=this.#He(r);if(s=a.target||s,a.strip??=!a.style.startsWith("outer"),!s)return;let l=this.#be(i,s);for(let r of l){let s=document.createDocumentFragment();s.append(t.cloneNode(!0)),e.push({type:"oob",fragment:s,target:r,swapSpec:a,sourceElement:i})}t.remove()}#Le(e,t,r){let i=[];if(r)for(let s of r.split(",")){let[r,n="true"]=s.split(/:(.*)/);for(let s of e.querySelectorAll(r))this.#Oe(i,s,n,t)}for(let r of e.querySelectorAll(this.#S("[hx-swap-oob]"))){let e=this.#R(r,"hx-swap-oob"),s=r.getAttribute(e);r.removeAttribute(e),this.#Oe(i,r,s,t)}return i}#ke(e,t,r){t?t.before(...r.childNodes):e.append(...r.childNodes)}#He(t){t=t.trim();let r=this.config.defaultSwap;if(t&&!/^\S*:/.test(t)){let e=t.match(/^(\S+)\s*(.*)$/);r=e[1],t=e[2]}return{style:this.#B(r),...e.parse(t)}}#Ve(e,t){let r=[];for(let i of e.querySelectorAll("template[hx]")){let e=i.getAttribute("type");if("partial"===e){let e=this.#P(i,"hx-target")||(i.id?"#"+CSS.escape(i.id):null);if(e){this.#Me(i.content);let s=this.#He(this.#P(i,"hx-swap")||this.config.defaultSwap);s.ignoreTitle&&(t.title=null);let n=this.#be(t.sourceElement,e);for(let e of n.length?n:[null])r.push({type:"partial",fragment:i.content.cloneNode(!0),target:e,swapSpec:s,sourceElement:t.sourceElement})}}else this.#$(i,"htmx:process:"+e,{ctx:t,tasks:r});i.remove()}return r}#Pe(e,t,r,i){try{null!=r&&e.setSelectionRange&&e.setSelectionRange(r,i),e.focus(t)}catch(e){}}#Re(e){let t=this.#j(e,"[autofocus]")[0];t&&this.#Pe(t)}#je(e){return e===window||e===document?document.scrollingElement:e}#Be(e,t){if(e.scroll){let r=e.scrollTarget?this.#je(this.#ze(t,e.scrollTarget)):t;r&&("top"===e.scroll?r.scrollTop=0:"bottom"===e.scroll&&(r.scrollTop=r.scrollHeight))}if("top"===e.show||"bottom"===e.show){let r=e.showTarget?this.#je(this.#ze(t,e.showTarget)):t;r?.scrollIntoView?.("top"===e.show)}}#Fe(e){e.request?.anchor&&document.getElementById(e.request.anchor)?.scrollIntoView({block:"start",behavior:"auto"})}#Me(e){let t=this.#j(e,"script");for(let e of t){let t=document.createElement("script");for(let r of e.attributes)t.setAttribute(r.name,r.value);this.config.inlineScriptNonce&&(t.nonce=this.config.inlineScriptNonce),t.textContent=this.#h.createScript(e.textContent),e.replaceWith(t)}}initialize(){this.config.history&&!this.#g&&(this.#g=!0,window.navigation&&!/firefox/i.test(navigator.userAgent)?navigation.addEventListener("navigate",e=>{"traverse"===e.navigationType&&e.canIntercept&&!e.hashChange&&e.intercept({handler:()=>this.#$e()})}):window.addEventListener("popstate",e=>this.#$e(e.state))),this.process(document.body)}async swap(e){try{let{fragment:t,title:r}=this.#Ie(e.text);e.title=r;let i=[],s=this.#Le(t,e.sourceElement,e.selectOOB),n=this.#Ve(t,e);i.push(...s,...n);let o=n.length||s.length&&!this.config.allowEmptySwapAfterOOB,a=this.#De(e,t,o);if(a&&i.unshift(a),!this.#L(e.sourceElement,"htmx:before:swap",{ctx:e,tasks:i}))return;this.#We(e);let l=[],h=[];for(let t of i)t.swapSpec?.transition??a?.transition??e.transition?h.push(t):l.push(this.#N(t));if(h.length>0){let t=async()=>{for(let e of h)await this.#N(e,!1)};l.push(this.#_e(t,e))}await Promise.all(l),!e.sourceElement?.isConnected&&a?.target?.isConnected&&(e.sourceElement=a.target),this.#L(e.sourceElement,"htmx:after:swap",{ctx:e}),e.title&&"none"!==e.swap&&(document.title=e.title),this.#Fe(e)}finally{this.#L(e.sourceElement,"htmx:finally:swap",{ctx:e})}}#De(e,t,r){let i=this.#He(e.swap||this.config.defaultSwap);if(i.ignoreTitle&&(e.title=null),"delete"===i.style||(t.querySelector("body")||t).childElementCount>0||t.textContent.trim()||(i.swapEmpty??!r)){if(e.select){let r=t.querySelectorAll(e.select);(t=document.createDocumentFragment()).append(...r)}return this.#D(e.sourceElement)&&(i.show||="top"),{type:"main",fragment:t,target:this.#K(e.sourceElement||document.body,i.target||e.target),swapSpec:i,sourceElement:e.sourceElement,transition:e.transition&&!1!==i.transition}}}async#N(e,t=!0){let{target:r,swapSpec:i,fragment:s}=e;if("string"==typeof r&&(r=document.querySelector(r)),!r)return;"string"==typeof i&&(i=this.#He(i));let n,o=i.style;if("none"===o)return;if("BODY"===s.firstElementChild?.tagName){const e=r===document.body&&o.startsWith("outer");e&&"outerHTML"===o&&(o="outerSync"),i.strip??=!e}if(i.strip&&s.firstElementChild&&(s=document.createDocumentFragment(),s.append(...(e.fragment.firstElementChild.content||e.fragment.firstElementChild).childNodes)),this.#Ue(r,"htmx-swapping"),t&&e.swapSpec?.swap&&await this.timeout(e.swapSpec?.swap),"delete"===o)return void(r.parentNode&&(this.#Se(r),r.parentNode.removeChild(r)));let a=[],l=i.settle??this.config.defaultSettleDelay,h=r.parentNode;if("innerHTML"===o||"outerHTML"===o&&h){let e=document.activeElement;if(e?.id){let t,r;try{t=e.selectionStart,r=e.selectionEnd}catch(e){}n={elt:e,start:t,end:r}}a=t&&l?this.#Qe(s,r):[]}let c=this.#Te(s),u=[...s.childNodes];try{if("innerHTML"===o){for(const e of r.children)this.#Se(e);r.replaceChildren(...s.childNodes)}else if("textContent"===o){for(const e of r.querySelectorAll("[data-htmx-powered]"))this.#Se(e);r.textContent=s.textContent}else if("outerHTML"===o)h&&(this.#ke(h,r,s),this.#Se(r),h.removeChild(r),r=u.find(e=>1===e.nodeType)||h);else if("outerSync"===o){this.#Je(r,s.firstElementChild);for(const e of r.children)this.#Se(e);r.replaceChildren(...s.firstElementChild.childNodes),u=[r]}else if("innerMorph"===o)this.#I(r,s,!0),u=[...r.childNodes];else if("outerMorph"===o)this.#I(r,s,!1),u.push(r);else if("beforebegin"===o)h&&this.#ke(h,r,s);else if("afterbegin"===o)this.#ke(r,r.firstChild,s);else if("beforeend"===o)this.#ke(r,null,s);else if("afterend"===o)h&&this.#ke(h,r.nextSibling,s);else{let e=this.#i.get("handle_swap")||[],t=!1;for(const n of e){let e=n(o,r,s,i);if(e){t=!0,Array.isArray(e)&&(u=e);break}}if(!t)throw new Error(`Unknown swap style: ${o}`)}}finally{this.#Xe(r,"htmx-swapping")}if(e.target=r,this.#qe(c),n&&!n.elt.matches(":focus")){let e=document.getElementById(n.elt.id);if(e){let t={preventScroll:void 0!==i.focusScroll?!i.focusScroll:!this.config.defaultFocusScroll};this.#Pe(e,t,n.start,n.end)}}this.#L(r,"htmx:before:settle",{task:e,newContent:u,settleTasks:a});for(const e of u)this.#Ue(e,"htmx-added");if(t&&a.length>0){this.#Ue(r,"htmx-settling"),await this.timeout(l);for(let e of a)e();this.#Xe(r,"htmx-settling")}this.#L(r,"htmx:after:settle",{task:e,newContent:u,settleTasks:a});for(const e of u)this.#Xe(e,"htmx-added"),this.process(e),this.#Re(e);this.#Be(i,r)}#L(e,t,r={},i=!0){if(r.error){let i=`htmx: ${t}: ${r.error.message??r.error}`;r.error instanceof Error?console.error(i,r.error,{elt:e,detail:r}):console.error(i,{elt:e,detail:r})}else r.warn?console.warn(`htmx: ${t}: ${r.warn}`,{elt:e,detail:r}):this.config.logAll&&console.log(`htmx: ${t}`,{elt:e,detail:r});return e=this.#Ge(e),this.#$(e,t,r),this.trigger(e,this.#F(t),r,i)}#$(e,t,r={}){let i=this.#i.get(t.replace(/:/g,"_"));if(i){r.cancelled=!1;for(const t of i)if(!1===t(e,r)||r.cancelled)return r.cancelled=!0,!1}return!0}timeout(e){if((e=this.parseInterval(e))>0)return new Promise(t=>setTimeout(t,e))}onLoad(e){this.on(this.#F("htmx:after:process"),t=>{e(t.target)})}on(e,t,r){let i,s=document;return void 0===r?(i=e,r=t):(s=this.#Ge(e),i=t),s.addEventListener(i,r),r}find(e,t){return this.#ze(e,t)}findAll(e,t){return this.#be(e,t)}parseInterval(e){if("number"==typeof e)return e;let[,t,r]=e?.match(/^([\d.]+)(ms|s|m)?$/)||[],i=parseFloat(t)*({ms:1,s:1e3,m:6e4}[r]||1);return isNaN(i)?void 0:i}trigger(e,t,r={},i=!0){e=this.#Ge(e);let s=new CustomEvent(t,{detail:r,cancelable:!0,bubbles:i,composed:!0}),n=e?.isConnected?e:document;return!r?.cancelled&&n.dispatchEvent(s)}ajax(e,t,r){(!r||r instanceof Element||"string"==typeof r)&&(r={target:r});let i="string"==typeof r.source?document.querySelector(r.source):r.source;if("string"==typeof r.source&&!i)return Promise.reject(new Error("Source not found"));i||=document.body;let s=this.#T(i,r.event||{});return Object.assign(s,r),r.target&&(s.target=this.#K(document.body,r.target),!s.target)?Promise.reject(new Error("Target not found")):(Object.assign(s.request,{action:t,method:e.toUpperCase()}),r.headers&&Object.assign(s.request.headers,r.headers),this.#X(s))}#Ke(e){this.config.history&&(history.pushState({htmx:!0},"",e),this.#L(document,"htmx:after:history:push",{path:e}))}#Ye(e){this.config.history&&(history.replaceState({htmx:!0},"",e),this.#L(document,"htmx:after:history:replace",{path:e}))}async#$e(e,t){if(await this.timeout(1),e??=history.state,!e?.htmx)return;this.#p?.abort(),t=t||location.pathname+location.search;let r=document.querySelector(this.#S("[hx-history-elt]"))||document.body;if(this.#L(document,"htmx:before:history:restore",{path:t,cacheMiss:!0})){if("reload"!==this.config.history)return this.#p=new AbortController,this.ajax("GET",t,{target:r,swap:"outerSync",select:r!==document.body?this.#S("[hx-history-elt]"):void 0,request:{headers:{"HX-History-Restore-Request":"true"},signal:this.#p.signal}});this._loc.reload()}}#Ze(e){let{sourceElement:t,push:r,replace:i,hx:s,response:n}=e;if((s?.pushurl||s?.replaceurl)&&(r=s.pushurl,i=s.replaceurl),null==r&&null==i&&this.#D(t)&&(r="true"),"false"!==r&&!1!==r||(r=null),"false"!==i&&!1!==i||(i=null),!r&&!i)return null;let o=r||i;if("true"===o){let t=n?.raw?.url||e.request.action,r=new URL(t,location.href);o=r.pathname+r.search+(e.request.anchor?"#"+e.request.anchor:"")}return{type:r?"push":"replace",path:o}}#We(e){if(!this.config.history)return;history.state?.htmx||history.replaceState({htmx:!0},"",location.href);let t=this.#Ze(e);if(!t)return;let r={history:t,sourceElement:e.sourceElement,response:e.response};this.#L(document,"htmx:before:history:update",r)&&("push"===t.type?this.#Ke(t.path):this.#Ye(t.path),this.#L(document,"htmx:after:history:update",r))}#ve(e){if(e._htmx?.onInitialized)return;let t=this.#v("hx-on"),r=this.config.metaCharacter||":",i=t=>async r=>{try{await this.#k(e,{event:r},`with(event?.detail||{}){${t}}`,!1)}catch(t){"symbol"!=typeof t&&this.#L(e,"htmx:error",{error:t})}};for(let s of e.getAttributeNames()){let n=t.find(e=>s.startsWith(e));if(!n)continue;this.#H(e).onInitialized=!0;let o=s.substring(n.length),a=e.getAttribute(s);if(!o){for(let t of a.split(/;(?=[^;]*->)/)){let r=t.indexOf("->");-1!==r&&this.#O(e,t.substring(0,r).trim(),i(t.substring(r+2).trim()))}continue}if(o[0]!==r)continue;let l=o.substring(1);l.startsWith(r)&&(l="htmx"+r+l.substring(1)),this.#O(e,l,i(a))}}#he(e){let t,r=e.sourceElement,i=this.#E(r,"hx-indicator");if(i)t=this.#be(r,i,"hx-indicator");else{if(r===document.body)return;t=[r]}for(const r of t){e.indicators.push(r);let t=this.#W(r);t.rc=(t.rc||0)+1,this.#Ue(r,this.config.requestClass)}}#pe(e){for(let t of e){let e=this.#W(t);e.rc&&--e.rc<=0&&(this.#Xe(t,this.config.requestClass),delete e.rc)}}#ce(e){let t=e.sourceElement,r=this.#E(t,"hx-disable");if(r)for(let i of this.#be(t,r,"hx-disable")){e.disabledElements.push(i);let t=this.#W(i);t.dc=(t.dc||0)+1,i.disabled=!0}}#ge(e){for(const t of e){let e=this.#W(t);e.dc&&--e.dc<=0&&(t.disabled=!1,delete e.dc)}}#C(e,t,r,i,s){if(i&&t&&!t.reportValidity())return;r??=t&&"submit"===e.type?e:null;let n=t?new FormData(t):new FormData,o=t?new Set(t.elements):new Set;if(!t){if(i&&e.reportValidity&&!e.reportValidity())return;this.#et(e,o,n,s)}r?.name&&(n.append(r.name,r.value),o.add(r));let a=this.#E(e,"hx-include");if(a)for(let t of this.#be(e,a)){if(i&&t.reportValidity&&!t.reportValidity())return;this.#et(t,o,n)}return n}#et(e,t,r,i){let s=e.tagName,n=[];"BUTTON"===s||s.includes("-")?n=[e]:(["INPUT","SELECT","TEXTAREA","FIELDSET"].includes(s)||!i&&e!==document.body)&&(n=this.#j(e,"[name]:not(button)"));for(let e of n){let i=e.name||e.getAttribute?.("name");if(!i||e.matches(":disabled")||t.has(e))continue;t.add(e);let s=e.type;if("checkbox"===s||"radio"===s||"INPUT"!==e.tagName&&"checked"in e)e.checked&&r.append(i,e.value);else if("file"===s)for(let t of e.files)r.append(i,t);else if("select-multiple"===s)for(let t of e.selectedOptions)r.append(i,t.value);else if(Array.isArray(e.value))for(let t of e.value)r.append(i,t);else r.append(i,e.value)}}#q(t,r,i,s={}){let n=this.#E(t,r);if(!n)return null;let o=this.#ie(n);if(o)return 0!==o.indexOf("{")&&(o="{"+o+"}"),this.#k(t,s,o,!0).then(e=>{i(e)});i(e.parse(n))}#tt(e){let t=e.trim();return t.startsWith("<")&&t.endsWith("/>")?t.slice(1,-2):t}#be(t,r,i,s){let n=r??t,o=r?this.#Ge(t)||document.body:document;if(n.startsWith("global "))return this.#be(o,n.slice(7),i,!0);let a=n?e.split(n):[],l=[],h=[];for(const e of a){let t,r=this.#tt(e);if(r.startsWith("closest "))t=o.closest(r.slice(8));else if(r.startsWith("find "))t=o.querySelector(r.slice(5));else if(r.startsWith("findAll "))l.push(...o.querySelectorAll(r.slice(8)));else if("next"===r||"nextElementSibling"===r)t=o.nextElementSibling;else if(r.startsWith("next "))t=this.#rt(o,r.slice(5),!!s);else if("previous"===r||"previousElementSibling"===r)t=o.previousElementSibling;else if(r.startsWith("previous "))t=this.#it(o,r.slice(9),!!s);else if("document"===r)t=document;else if("window"===r)t=window;else if("body"===r)t=document.body;else if("host"===r)t=o.getRootNode().host;else if("this"===r){if(i){l.push(...this.#z(o,i));continue}t=o}else h.push(r);t&&l.push(t)}if(h.length>0){let e=h.join(","),t=this.#st(o,!!s);l.push(...t.querySelectorAll(e))}return[...new Set(l)]}#rt(e,t,r){return this.#nt(this.#st(e,r).querySelectorAll(t),e,Node.DOCUMENT_POSITION_PRECEDING)}#it(e,t,r){let i=[...this.#st(e,r).querySelectorAll(t)].reverse();return this.#nt(i,e,Node.DOCUMENT_POSITION_FOLLOWING)}#nt(e,t,r){for(const i of e)if(i.compareDocumentPosition(t)===r)return i}#st(e,t){return e.isConnected&&e.getRootNode?e.getRootNode?.({composed:t}):document}#ee(e,t,r){let i=this.#be(e,t,r)[0];return i||console.warn(`htmx: '${t}' on ${r} did not match any element`,{elt:e,selector:t,attr:r}),i}#ze(e,t,r){return this.#be(e,t,r)[0]}#ie(e){if(null!=e){if(e.startsWith("js:"))return e.substring(3);if(e.startsWith("javascript:"))return e.substring(11)}}#ae(e){let t=this.#H(e);if(t.abortInitialized)return;t.abortInitialized=!0;let r=()=>{this.#oe(e).abort()};e.addEventListener("htmx:abort",r),t.listeners.push({fromElt:e,eventName:"htmx:abort",handler:r})}#I(e,t,r){let{persistentIds:i,idMap:s}=this.#ot(e,t),n=document.createElement("div");n.hidden=!0,document.body.after(n);let o={target:e,idMap:s,persistentIds:i,pantry:n,futureMatches:new WeakSet};r?this.#at(o,e,t):this.#at(o,e.parentNode,t,e,e.nextSibling),this.#Se(n),n.remove()}#at(e,t,r,i=null,s=null){t instanceof HTMLTemplateElement&&r instanceof HTMLTemplateElement&&(t=t.content,r=r.content),i||=t.firstChild;let n=r.firstChild;for(;n;){let r;if(i&&i!=s&&(r=this.#lt(e,n,i,s),r&&r!==i)){let o=i;for(;o&&o!==r;){let r=o;o=o.nextSibling,r instanceof Element&&(e.idMap.has(r)||this.#ht(e,r,n))?this.#Ce(t,r,s):this.#ct(e,r)}}if(!r&&n instanceof Element&&e.persistentIds.has(n.id)){let s=CSS.escape(n.id);r=e.target.id===n.id&&e.target||e.target.querySelector(`[id="${s}"]`)||e.pantry.querySelector(`[id="${s}"]`);let o=r;for(;o=o.parentNode;){let t=e.idMap.get(o);t&&(t.delete(r.id),t.size||e.idMap.delete(o))}this.#Ce(t,r,i)}if(r){this.#ut(r,n,e),i=r.nextSibling,n=n.nextSibling;continue}let o=n.nextSibling;if(e.idMap.has(n)){let r=document.createElement(n.tagName);t.insertBefore(r,i),this.#ut(r,n,e),this.process(r),i=r.nextSibling}else t.insertBefore(n,i),i=n.nextSibling;n=o}for(;i&&i!=s;){let t=i;i=i.nextSibling,this.#ct(e,t)}}#ht(e,t,r){if(e.futureMatches.has(t))return!0;for(let i=r.nextSibling,s=0;i&&s<this.config.morphScanLimit;i=i.nextSibling,s++)if(i instanceof Element&&t.isEqualNode(i))return e.futureMatches.add(t),!0;return!1}#lt(e,t,r,i){if(3===t.nodeType)return 3===r?.nodeType?r:null;if(!(t instanceof Element))return null;let s=null,n=0,o=this.config.morphScanLimit,a=e.idMap.get(t),l=a?.size||0;if(t.id&&!a)return null;let h=r;for(;h&&h!=i;){let r=e.idMap.get(h);if(this.#o.isSoftMatch(h,t)){if(r&&a&&[...r].some(e=>a.has(e)))return h;if(!r){if(o>0&&h.isEqualNode(t))return h;s||(s=h)}}if(n+=r?.size||0,n>l)break;if(null!=document.activeElement?.selectionStart&&h.contains(document.activeElement))break;if(--o<1&&0===l)break;h=h.nextSibling}return s&&this.#ht(e,s,t)?null:s}#M(e,t){return e instanceof Element&&e.tagName===t.tagName&&(!("SCRIPT"===e.tagName&&!e.isEqualNode(t))&&(!e.id||e.id===t.id))}#ct(e,t){e.idMap.has(t)?this.#Ce(e.pantry,t,null):(this.#Se(t),t.remove())}#Ce(e,t,r){if(e.moveBefore)try{return void e.moveBefore(t,r)}catch(e){}e.insertBefore(t,r)}#ut(e,t,r){if(3===e.nodeType)return void(e.nodeValue!==t.nodeValue&&(e.nodeValue=t.nodeValue));if(this.config.morphSkip&&e.matches?.(this.config.morphSkip))return;if(!this.#$(e,"htmx:before:morph:node",{oldNode:e,newNode:t}))return;this.#Je(e,t),e instanceof HTMLTextAreaElement&&document.activeElement!==e&&e.defaultValue!=t.defaultValue&&(e.value=t.value),this.config.morphSkipChildren&&e.matches?.(this.config.morphSkipChildren)||e.isEqualNode(t)&&"TEMPLATE"!==t.tagName&&!t.querySelector?.("template")||this.#at(r,e,t)}#Je(e,t){let r=this.config.morphIgnore||[],i=!1,s=e=>this.#v("hx-").some(t=>e.startsWith(t));for(const n of t.attributes)if(!r.some(e=>n.name.startsWith(e))&&e.getAttribute(n.name)!==n.value){if(s(n.name)&&(i=!0),!this.#$(e,"htmx:before:morph:attr",{attrName:n.name,newValue:n.value}))continue;e.setAttribute(n.name,n.value),"value"===n.name&&e instanceof HTMLInputElement&&"file"!==e.type&&document.activeElement!==e&&(e.value=n.value)}for(let n=e.attributes.length-1;n>=0;n--){let o=e.attributes[n];if(o&&!t.hasAttribute(o.name)&&!r.some(e=>o.name.startsWith(e))){if(s(o.name)&&(i=!0),!this.#$(e,"htmx:before:morph:attr",{attrName:o.name,newValue:null}))continue;e.removeAttribute(o.name)}}i&&this.#Se(e,!0)}#dt(e,t,r,i){for(const s of i)if(t.has(s.id)){let t=s;for(;t&&t!==r;){let r=e.get(t);null==r&&(r=new Set,e.set(t,r)),r.add(s.id),t=t.parentElement}}}#ot(e,t){let r=this.#j(e,"[id]"),i=t.querySelectorAll("[id]"),s=this.#ft(r,i),n=new Map;return this.#dt(n,s,e.parentElement,r),this.#dt(n,s,t,i),{persistentIds:s,idMap:n}}#ft(e,t){let r=new Set,i=new Map;for(const{id:t,tagName:s}of e)i.has(t)?r.add(t):t&&i.set(t,s);let s=new Set;for(const{id:e,tagName:n}of t)s.has(e)?r.add(e):i.get(e)===n&&s.add(e);for(const e of r)s.delete(e);return s}#fe(t){let r=t.response.raw.status,i=this.config.noSwap.map(e=>e+""),s=r+"";for(let r of[s,s.slice(0,2)+"x",s[0]+"xx"]){if(i.includes(r))return void(t.swap="none");let s=this.#E(t.sourceElement,"hx-status:"+r);if(s)return void e.merge(s,t)}}#_e(e,t){return new Promise(r=>{this.#m||=[],this.#m.push({task:e,resolve:r,ctx:t}),this.#x||this.#mt()})}async#mt(){if(0===this.#m.length||this.#x)return;this.#x=!0;let{task:e,resolve:t,ctx:r}=this.#m.shift();try{if(document.startViewTransition){let t={task:e,ctx:r};this.#L(r.sourceElement,"htmx:before:viewTransition",t),await document.startViewTransition(t.task).finished,this.#L(r.sourceElement,"htmx:after:viewTransition",t)}else await e()}catch(e){}finally{this.#x=!1,t(),this.#mt()}}#Qe(e,t){let r=["class","style","width","height"],i=t.querySelectorAll("[id]"),s=Object.fromEntries([...i].map(e=>[e.id,e])),n=e.querySelectorAll("[id]"),o=[];for(let e of n){let t=s[e.id];if(t?.tagName===e.tagName){let i=e.cloneNode(!1);for(let i of r)t.hasAttribute(i)?e.setAttribute(i,t.getAttribute(i)):e.removeAttribute(i);o.push(()=>{this.#Je(e,i)})}}return o}#Ue(e,t){e?.classList?.add?.(t)}#Xe(e,t){e?.classList?.remove?.(t),0===e?.classList?.length&&e.removeAttribute("class")}#Ge(e){return"string"==typeof e?this.find(e):e}#F(e){return this.config.metaCharacter?e.replace(/:/g,this.config.metaCharacter):e}}})();
// vendor/htmx.org-4.0.1/hx-sse.min.js
(()=>{let e,t=new Set;function n(t){let n=null!=e.attributeValue(t,"hx-sse:connect"),r=e.HCON.parse(e.attributeValue(t,"hx-config")).sse||{};return{reconnect:n,reconnectDelay:500,reconnectMaxDelay:6e4,reconnectMaxAttempts:1/0,reconnectJitter:.3,connectTimeout:htmx.config.defaultTimeout,pauseOnBackground:n,releaseOn:n?"immediate":"end",...htmx.config.sse,...r}}function r(e){for(let t of Object.keys(e))"last-event-id"===t.toLowerCase()&&delete e[t]}async function*s(e){let t=e.reader,n=e.lastEventId,r=new TextDecoder,s="",a=!1,i=!1,o={data:"",event:"",retry:null},c=!0;try{for(;;){let{done:e,value:l}=await t.read();if(e)break;let m=r.decode(l,{stream:!0});c&&(65279===m.charCodeAt(0)&&(m=m.slice(1)),c=!1),s+=m;let u=s.split(/\r\n|\r|\n/);s=u.pop()||"";for(let e of u){if(!e){(a||i||o.event)&&(yield{...o,id:n,hasData:a,hasId:i}),a=!1,i=!1,o={data:"",event:"",retry:null};continue}let t,r,s=e.indexOf(":");if(0!==s)if(s<0?(t=e,r=""):(t=e.slice(0,s),r=e.slice(s+1)," "===r[0]&&(r=r.slice(1))),"data"===t)o.data+=(a?"\n":"")+r,a=!0;else if("event"===t)o.event=r;else if("id"===t)r.includes("\0")||(n=r,i=!0);else if("retry"===t){let e=parseInt(r,10);isNaN(e)||(o.retry=e)}}}}finally{t.releaseLock(),e.reader=null}}function a(t,n){let r=t?._htmx?.sse;r&&(r.reader?.cancel?.(),r.abortController?.abort(),r.delayCanceller&&r.delayCanceller(),r.visibilityHandler&&document.removeEventListener("visibilitychange",r.visibilityHandler),e.triggerHtmxEvent(t,"htmx:sse:close",{connection:r,reason:n||"cleanup"}),delete t._htmx.sse)}htmx.registerExtension("sse",{init:t=>{e=t},htmx_config_request:(e,{ctx:t})=>{t.request.headers.Accept=`${t.request.headers.Accept??t.request.headers.accept??"text/html"}, text/event-stream`,null!=t.timeout&&(t.request.timeout=t.timeout)},htmx_before_response:(t,i)=>{let o,c=i.ctx,l=c.response.raw.headers.get("Content-Type");if(l?.includes("text/event-stream"))return clearTimeout(c.requestTimeout),c.extensionPromise=new Promise(e=>o=e),async function(t,i){let o=t.sourceElement,c=n(o),l=!1,m=null;function u(){i&&(i(),i=null)}"immediate"===c.releaseOn&&u();let d={url:t.request.action,config:c,abortController:{abort:t.request.abort,signal:t.request.signal},reader:null,lastEventId:"",delayCanceller:null,visibilityHandler:null,attempt:0,cancelled:!1,status:null};e.htmxProp(o).sse=d;let h=!1,x=null;if(c.pauseOnBackground){let e=()=>{document.hidden?(h=!0,d.reader?.cancel()):h&&(h=!1,x&&x())};document.addEventListener("visibilitychange",e),d.visibilityHandler=e}if(d.cancelled=!1,!e.triggerHtmxEvent(o,"htmx:sse:before:connection",{connection:d})||d.cancelled)return void a(o,"cancelled");d.status=t.response.status,e.triggerHtmxEvent(o,"htmx:sse:after:connection",{connection:d});let f=t.response.raw;try{for(;o.isConnected;){if(d.attempt>0){if(h){if(await new Promise(e=>{x=e}),x=null,!o.isConnected)break;d.attempt=1,l=!0}if(!l&&(!c.reconnect||d.attempt>c.reconnectMaxAttempts))break;let n=htmx.parseInterval(c.reconnectDelay)??c.reconnectDelay,s=htmx.parseInterval(c.reconnectMaxDelay)??c.reconnectMaxDelay,a=Math.min(n*Math.pow(2,d.attempt-1),s);if(c.reconnectJitter>0){let e=a*c.reconnectJitter;a=Math.max(0,a+(2*Math.random()-1)*e)}if(d.cancelled=!1,!e.triggerHtmxEvent(o,"htmx:sse:before:connection",{connection:d})||d.cancelled)break;if(await new Promise(e=>{d.delayCanceller=e,setTimeout(e,a)}),d.delayCanceller=null,!o.isConnected)break;let i=new AbortController;d.abortController=i;let m=!1,u=htmx.parseInterval(c.connectTimeout)??c.connectTimeout,g=u>0?setTimeout(()=>{m=!0,i.abort()},u):null;try{r(t.request.headers),d.lastEventId&&(t.request.headers["Last-Event-ID"]=d.lastEventId),f=await fetch(t.request.action,{...t.request,signal:i.signal}),clearTimeout(g)}catch(t){if(clearTimeout(g),i.signal.aborted&&!m)break;e.triggerHtmxEvent(o,"htmx:sse:error",{connection:d,error:t}),l=!1,d.attempt++;continue}if(!f.ok){e.triggerHtmxEvent(o,"htmx:sse:error",{connection:d,error:new Error(`SSE reconnect failed with status ${f.status}`),status:f.status}),l=!1,d.attempt++;continue}d.status=f.status,e.triggerHtmxEvent(o,"htmx:sse:after:connection",{connection:d}),d.attempt=0}l=!1;try{d.reader=f.body.getReader();for await(let n of s(d)){if(!o.isConnected||l)break;if(n.hasId&&(d.lastEventId=n.id,n.id||r(t.request.headers)),!n.hasData&&!n.event)continue;let s=[],a={connection:d,message:{data:n.data,event:n.event,id:n.id},cancelled:!1,waitUntil:e=>s.push(Promise.resolve(e))},i=e.triggerHtmxEvent(o,"htmx:sse:before:message",a);if(await Promise.all(s),i&&!a.cancelled){if(null!=n.retry&&(c.reconnectDelay=n.retry),a.message.event){"hx:release"===a.message.event&&u(),htmx.trigger(o,a.message.event,{data:a.message.data,id:a.message.id}),e.triggerHtmxEvent(o,"htmx:sse:after:message",{connection:d,message:a.message});let t=e.attributeValue(o,"hx-sse:close");if(t&&a.message.event===t)return m="message",void d.reader?.cancel();continue}t.text=a.message.data,t.swap.includes("swapEmpty")||(t.swap+=" swapEmpty:false"),await htmx.swap(t),"first"===c.releaseOn&&u(),e.triggerHtmxEvent(o,"htmx:sse:after:message",{connection:d,message:a.message})}}}catch(t){d.abortController?.signal?.aborted||"AbortError"===t.name||e.triggerHtmxEvent(o,"htmx:sse:error",{connection:d,error:t})}if(!o.isConnected)break;d.attempt++}}finally{u(),a(o,m??(o.isConnected?"ended":"removed"))}}(c,o).catch(n=>{"AbortError"!==n.name&&e.triggerHtmxEvent(t,"htmx:sse:error",{error:n,url:c.request.action})}),!1},htmx_after_process:r=>{let s=htmx.config.metaCharacter||":",a=r=>{!function(e){for(let n of["sse-connect","sse-close","sse-swap"])e.hasAttribute(n)&&!t.has(n)&&("sse-swap"===n?console.warn("htmx: [hx-sse] sse-swap is removed in htmx 4. Unnamed SSE messages are swapped automatically. Named events are dispatched as DOM events."):console.warn(`htmx: [hx-sse] legacy attribute ${n} is deprecated; use hx-sse:${n.slice(4)} instead`),t.add(n))}(r);for(let e of["connect","close"]){let t=`sse-${e}`;if(!r.hasAttribute(t))continue;let n=(htmx.config.prefix||"hx-")+"sse"+s+e;r.hasAttribute(n)||r.setAttribute(n,r.getAttribute(t))}!function(t){let r=e.attributeValue(t,"hx-sse:connect");if(!r)return;if(t._htmx?.sse)return;let s=e.attributeValue(t,"hx-trigger")||"load";e.onTrigger(t,s,()=>{t._htmx?.sse||htmx.ajax("GET",r,{source:t,timeout:n(t).connectTimeout})})}(r)};a(r);let i=`[${CSS.escape("hx-sse"+s+"connect")}]`;htmx.config.prefix&&(i+=`,[${CSS.escape(htmx.config.prefix+"sse"+s+"connect")}]`),r.querySelectorAll(`${i},[sse-connect],[sse-close],[sse-swap]`).forEach(a)},htmx_before_cleanup:e=>{a(e)}})})();
// answer.js
(() => {
"use strict";
function focusIn(fresh, pressed) {
  const [what, where] = pressed.split(" ", 2);
  const rows = what === "add" ? fresh.querySelector(`[data-rows="${CSS.escape(where)}"]`)?.querySelectorAll(".group-row") : null;
  const added = rows?.[rows.length - 1]?.querySelector("input:not([type=hidden]), select, textarea");
  const again = fresh.querySelector(`button[name=do][value="${CSS.escape(pressed)}"]`);
  const any = fresh.querySelector("button[name=do]:not([tabindex])") ?? fresh.querySelector("a[href]");
  (added ?? fresh.querySelector("[aria-invalid=true]") ?? again ?? any)?.focus();
}
function renamed(name, pressed) {
  const [what, where] = pressed.split(" ", 2);
  const cut = where?.lastIndexOf("/") + 1;
  if (what !== "remove" || !name.startsWith(where.slice(0, cut))) return name;
  const [, digits, rest] = name.slice(cut).match(/^(\d*)(.*)$/s);
  const gone = Number(where.slice(cut));
  if (Number(digits) === gone) return null;
  return where.slice(0, cut) + (Number(digits) > gone ? Number(digits) - 1 : digits) + rest;
}
function carryOver(typed, fresh, pressed) {
  let last = null;
  for (const old of typed) {
    const name = renamed(old.name, pressed);
    const found = name && [...fresh.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
    const ticked = old.type === "checkbox" || old.type === "radio";
    const control = found && (ticked ? found.find((one) => one.value === old.value) : found[0]);
    if (!control) continue;
    if (ticked) control.checked = old.checked;
    else control.value = old.value;
    control.dispatchEvent(new Event("input", { bubbles: true })); // the preview follows
    last = control;
  }
  return last;
}
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-answer] button[name=do]") : null;
  const old = button?.closest("[data-answer]");
  if (!old) return;
  const typed = new Set();
  old.addEventListener("input", ({ target }) => { typed.delete(target); typed.add(target); });
  const watcher = new MutationObserver(() => {
    if (old.isConnected) return;
    watcher.disconnect();
    const fresh = document.querySelector(`[data-answer="${old.dataset.answer}"]`);
    if (!fresh) return;
    const last = carryOver(typed, fresh, button.value);
    if (last) last.focus();
    else focusIn(fresh, button.value);
  });
  watcher.observe(document.body, { childList: true, subtree: true });
  setTimeout(() => watcher.disconnect(), 60_000);
});
})();
// compare.js
(() => {
"use strict";
const rowsOf = () => [...document.querySelectorAll(".compare-rows tr[data-operation-id]")];
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element && event.target.closest(".compare-rows a.pick");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  for (const row of document.querySelectorAll(".compare-rows .is-selected")) {
    row.classList.remove("is-selected");
    row.querySelector("a.pick")?.removeAttribute("aria-current");
  }
  link.closest("tr").classList.add("is-selected");
  link.setAttribute("aria-current", "true");
});
document.addEventListener("keydown", (event) => {
  if (!["ArrowDown", "ArrowUp"].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = event.target instanceof Element && event.target.closest(".compare-rows tr[data-operation-id]");
  if (!row) return;
  const rows = rowsOf(), next = rows[rows.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.querySelector("a.pick").focus();
});
})();
// copy.js
(() => {
"use strict";
function select(text, button) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  (button.closest("dialog") ?? document.body).append(area);
  area.select();
  const done = document.activeElement === area && document.execCommand("copy");
  area.remove();
  button.focus({ preventScroll: true });
  return done;
}
function announce(text, button) {
  const region = document.createElement("span");
  region.className = "visually-hidden";
  region.setAttribute("role", "status");
  (button.closest("dialog") ?? document.body).append(region);
  setTimeout(() => { region.textContent = text; }, 50); // a region is heard when it changes
  setTimeout(() => region.remove(), 3000);
}
const restoring = new WeakMap(); // a button that says "Copied" -> what gives it back its own words
document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-copy], [data-copy-from], [data-copy-link]");
  if (!button) return;
  const from = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
  const link = button.dataset.copyLink;
  const text = from ? from.textContent : link ? new URL(link, location.href).href : button.dataset.copy;
  let done = false;
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      done = true;
    }
  } catch {
    done = false;
  }
  done ||= select(text, button);
  announce(done ? "Copied" : "It could not be copied", button);
  if (!done) return;
  clearTimeout(restoring.get(button)?.timer);
  const restore = restoring.get(button)?.restore ?? sayCopied(button);
  const timer = setTimeout(() => {
    restoring.delete(button);
    restore();
  }, 1500);
  restoring.set(button, { restore, timer });
});
function sayCopied(button) {
  const label = button.getAttribute("aria-label"), shape = button.querySelector("use"), href = shape?.getAttribute("href");
  button.classList.add("is-done");
  button.setAttribute("aria-label", "Copied");
  shape?.setAttribute("href", href.replace(/#.*/, "#check"));
  return () => {
    button.classList.remove("is-done");
    if (label === null) button.removeAttribute("aria-label");
    else button.setAttribute("aria-label", label);
    shape?.setAttribute("href", href);
  };
}
})();
// dialog.js
(() => {
"use strict";
const theDialog = () => document.getElementById("dialog");
document.addEventListener("htmx:after:settle", (event) => {
  const dialog = theDialog();
  if (!dialog || event.target !== dialog || !dialog.firstElementChild) return;
  if (!dialog.open) dialog.showModal();
  const wrong = dialog.querySelector("[aria-invalid=true]");
  (wrong ?? dialog.querySelector("[autofocus], input:not([type=hidden]), textarea, select, button"))?.focus();
});
document.addEventListener("close", (event) => { if (event.target === theDialog()) event.target.replaceChildren(); }, true);
document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const dialog = theDialog();
  const cancel = target?.closest("[data-close-dialog]");
  if (cancel && dialog?.contains(cancel)) {
    event.preventDefault(); // on its own page the same link leads back
    dialog.close();
  }
});
/**
 * Disables a form's buttons after its data has been taken, so that the clicked one is still sent. A form that is
 * answered with a file stays on the screen, and can be sent again.
 */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post" || event.defaultPrevented) return;
  if ("download" in form.dataset) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  setTimeout(() => {
    for (const button of form.querySelectorAll("button")) button.disabled = true;
  });
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.disabled = false;
  }
});
if (document.activeElement === document.body) document.querySelector("main form [aria-invalid=true]")?.focus();
})();
// execution.js
(() => {
"use strict";
const plainClick = (event) => event.button === 0 && !event.defaultPrevented && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
const ROWS = ".tl-row[data-operation-id], .events tr[data-event-id], .events tr.group[data-operation-id]";
const rowOf = (element) => element?.closest(ROWS);
const linkOf = (row) => row?.querySelector(".tl-name > a:not(.tl-fold), a.pick");
const isEvent = (row) => row.matches("tr[data-event-id]");
function mark(row) {
  for (const one of document.querySelectorAll(".tl-row.is-selected, .events tr.is-selected")) {
    one.classList.remove("is-selected");
    linkOf(one)?.removeAttribute("aria-current");
  }
  row?.classList.add("is-selected");
  linkOf(row)?.setAttribute("aria-current", "true");
}
function show(kind, value, within) {
  const drawer = document.getElementById("drawer"), base = kind === "op" ? drawer?.dataset.operations : drawer?.dataset.events;
  if (!base || !window.htmx) return false;
  const page = new URL(location.href);
  for (const name of ["op", "event", "from", "within"]) page.searchParams.delete(name);
  if (within) page.searchParams.set("within", within);
  const query = new URLSearchParams(page.search);
  query.set("tab", drawer.dataset.tab);
  page.searchParams.set(kind, value);
  window.htmx.ajax("GET", `${base}${encodeURIComponent(value)}/?${query}`, { source: "#drawer", target: "#drawer", swap: "innerHTML", push: page.pathname + page.search });
  return true;
}
function choose(row) {
  mark(row);
  return isEvent(row) ? show("event", row.dataset.eventId) : show("op", row.dataset.operationId, row.dataset.within);
}
document.addEventListener("htmx:after:settle", () => {
  const shown = document.querySelector("#drawer[data-tab] > :is(#operation, #event)");
  if (!shown) return;
  const { operationId, eventId, within } = shown.dataset;
  const own = [...document.querySelectorAll(ROWS)].filter((row) => row.dataset.within === within);
  const row = shown.id === "event" && own.find((one) => isEvent(one) && one.dataset.eventId === eventId)
    || own.find((one) => !isEvent(one) && one.dataset.operationId === operationId);
  if (!row || row.matches(".is-selected")) return;
  mark(row);
  row.scrollIntoView({ block: "nearest" });
});
document.addEventListener("click", (event) => {
  const close = event.target instanceof Element && event.target.closest("#drawer .close");
  if (!close || !plainClick(event)) return;
  event.preventDefault();
  shut(close, null);
});
document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const row = rowOf(target);
  if (!row || !plainClick(event) || String(getSelection())) return;
  const link = target.closest("a, button, input, label");
  if (link?.matches(".owner") && show("op", row.dataset.operationId)) return event.preventDefault();
  if (link && link !== linkOf(row)) return;
  if (choose(row)) event.preventDefault();
});
document.addEventListener("htmx:before:history:update", (event) => {
  const { history: change, sourceElement } = event.detail;
  const chosen = document.querySelectorAll("#drawer input.keep");
  if (!chosen.length || !sourceElement?.matches?.(".tl-fold, .chip, .zigs a")) return;
  const url = new URL(change.path, location.href);
  for (const { name, value } of chosen) url.searchParams.set(name, value);
  change.path = url.pathname + url.search;
});
document.addEventListener("plot:range", (event) => {
  const { from, to } = event.detail, tab = document.getElementById("tab");
  if (from == null || !tab || !(event.target instanceof Element) || !event.target.closest(".tl-head")) return;
  const query = new URLSearchParams(location.search);
  query.set("brush", `${Number(from).toFixed(2)}~${Number(to).toFixed(2)}`);
  window.htmx.ajax("GET", `${tab.dataset.fragment}?${query}`, { source: tab, target: tab, swap: "outerMorph" });
});
let ours = 0, ticks = 0;
const followed = () => document.querySelector("#tab[data-follow]");
function keepNewestInView() {
  const last = followed() && [...document.querySelectorAll(".tl-row[data-operation-id]")].at(-1);
  if (!last) return;
  ours = performance.now();
  if (last.getBoundingClientRect().bottom > innerHeight) last.scrollIntoView({ block: "end", behavior: "instant" });
}
document.addEventListener("htmx:after:settle", (event) => { if (event.target instanceof Element && event.target.id === "tab") keepNewestInView(); });
document.addEventListener("scroll", () => {
  if (!followed() || performance.now() - ours < 400) return;
  const last = [...document.querySelectorAll(".tl-row[data-operation-id]")].at(-1);
  if (last && last.getBoundingClientRect().bottom > innerHeight + 80) {
    const chip = document.querySelector("[data-chip=follow]");
    followed().removeAttribute("data-follow");
    chip?.click();
  }
}, { passive: true });
for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"]) document.addEventListener(kind, () => { ours = -Infinity; }, { passive: true });
setInterval(() => {
  ticks += 1;
  const tab = document.querySelector("#tab[data-live]");
  if (tab && !document.hidden && (tab.matches("[data-follow]") || ticks % 10 === 0)) tab.dispatchEvent(new CustomEvent("changed"));
}, 3000);
keepNewestInView();
const allRows = () => [...document.querySelectorAll(ROWS)];
const depthOf = (row) => Number(/(?:^| )d(\d+)/.exec(row.className)?.[1] ?? 0);
let goal = null; // where the focus goes as soon as the rows there have been fetched
function goTo(row) {
  const link = linkOf(row);
  if (!link) return false;
  link.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  return true;
}
function along(row, step) {
  const part = row.closest(".tl-chunk, tbody"), beside = step > 0 ? part?.nextElementSibling : part?.previousElementSibling;
  const own = [...part.querySelectorAll(ROWS)];
  const next = own[own.indexOf(row) + step];
  if (next) return goTo(next);
  if (!beside) return false;
  if (beside.matches(".tl-gap, .gap-rows")) {
    goal = { id: beside.id, last: step < 0 };
    beside.scrollIntoView({ block: step > 0 ? "start" : "end" });
    return true;
  }
  const there = beside.querySelectorAll(ROWS);
  return there.length > 0 && goTo(there[step > 0 ? 0 : there.length - 1]);
}
document.addEventListener("htmx:after:settle", () => {
  const part = goal && document.getElementById(goal.id);
  if (!part || part.matches(".tl-gap, .gap-rows")) return;
  const there = part.querySelectorAll(ROWS);
  const row = there[goal.last ? there.length - 1 : 0];
  goal = null;
  if (row) goTo(row);
});
function sideways(row, right) {
  const fold = row.querySelector(".tl-fold"), open = fold?.getAttribute("aria-expanded") === "true";
  if (fold && right !== open) {
    fold.click();
    return true;
  }
  if (right) return open && along(row, 1);
  const rows = allRows();
  for (let i = rows.indexOf(row) - 1; i >= 0; i -= 1) if (depthOf(rows[i]) < depthOf(row)) return goTo(rows[i]);
  return false;
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const target = event.target instanceof Element ? event.target : null, row = rowOf(target);
  if (event.key === "Escape" && (row || target?.closest("#drawer"))) {
    const close = document.querySelector("#drawer .close");
    if (!close || document.querySelector("details.drop[open]")) return;
    event.preventDefault();
    shut(close, row);
    return;
  }
  if (target?.closest("input, select, textarea, [contenteditable]")) return;
  const rows = allRows();
  if (!row) {
    const first = rows.find((one) => one.matches(".is-selected")) ?? rows[0];
    if ((event.key === "j" || event.key === "k") && first && goTo(first)) event.preventDefault();
    return;
  }
  const used = event.key === "ArrowDown" || event.key === "j" ? along(row, 1)
    : event.key === "ArrowUp" || event.key === "k" ? along(row, -1)
    : event.key === "Home" ? goTo(rows[0])
    : event.key === "End" ? goTo(rows[rows.length - 1])
    : event.key === "ArrowRight" ? row.matches(".tl-row") && sideways(row, true)
    : event.key === "ArrowLeft" ? row.matches(".tl-row") && sideways(row, false)
    : false;
  if (used) event.preventDefault();
});
function shut(close, from) {
  const row = document.querySelector(".tl-row.is-selected, .events tr.is-selected") ?? from;
  const drawer = document.getElementById("drawer"), link = linkOf(row);
  row?.classList.remove("is-selected");
  link?.removeAttribute("aria-current");
  history.pushState({ htmx: true }, "", close.href); // so that Forward fetches the page without the drawer
  const empty = document.createElement("p");
  empty.className = "muted";
  empty.textContent = "Choose a row to see all about it.";
  drawer.replaceChildren(empty);
  link?.focus();
}
const greeted = new WeakSet();
document.addEventListener("htmx:sse:before:message", (event) => {
  const stream = event.target, head = document.getElementById("head"), { message, connection } = event.detail;
  if (!head || !(stream instanceof Element) || stream.id !== "live" || greeted.has(connection)) return;
  greeted.add(connection);
  if (!connection.attempt && message.event === "changed" && message.data === head.dataset.revision) event.preventDefault();
});
const asked = new WeakMap();
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  if (ctx.sourceElement.id === "tab") asked.set(ctx, ctx.sourceElement.getAttribute("hx-get"));
});
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail, tab = ctx?.sourceElement, url = tab?.getAttribute("hx-get");
  if (!asked.has(ctx) || asked.get(ctx) === url) return;
  event.preventDefault();
  if (url) window.htmx.ajax("GET", url, { source: tab, target: tab, swap: "outerMorph" });
});
const shown = document.querySelector(".tl-row.is-selected, .events tr.is-selected");
if (shown) {
  const box = shown.getBoundingClientRect();
  if (box.top > innerHeight - 60 || box.bottom < 0) shown.scrollIntoView({ block: "center", behavior: "instant" });
}
})();
// inbox.js
(() => {
"use strict";
const rows = () => [...document.querySelectorAll(".inbox-rows tr[data-callback-id]")];
const place = () => document.getElementById("pane");
const openOne = () => new URLSearchParams(location.search).get("callback");
function mark() {
  const now = openOne();
  for (const row of rows()) row.classList.toggle("is-selected", row.dataset.callbackId === now);
}
const at = () => {
  const focused = document.activeElement?.closest?.(".inbox-rows tr[data-callback-id]");
  return focused ?? rows().find((row) => row.classList.contains("is-selected"));
};
const keys = {
  c: "button[value=claim], button[value=release]",
  h: "button[value=beat]",
  r: ".reject > summary",
};
function press(key) {
  const form = place()?.querySelector("[data-answer] form");
  if (key === "a") {
    const first = form?.querySelector("input:not([type=hidden]), textarea, select, .ready button, button[value=approve]");
    first?.focus();
    return Boolean(first);
  }
  const button = form?.querySelector(keys[key]);
  button?.click();
  if (key === "r") button?.closest("details")?.querySelector("input, textarea")?.focus();
  return Boolean(button);
}
function choose() {
  const box = at()?.querySelector("input[type=checkbox]");
  box?.click();
  return Boolean(box);
}
let index = -1;
document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.(".inbox-rows tr[data-callback-id]");
  index = row ? rows().indexOf(row) : -1;
});
function keepFocus() {
  if (index < 0 || document.activeElement !== document.body) return;
  const left = rows();
  left[Math.min(index, left.length - 1)]?.querySelector("[data-row-link]")?.focus({ preventScroll: true });
}
document.addEventListener("keydown", (event) => {
  if (!document.querySelector(".inbox") || event.defaultPrevented) return;
  const typing = event.target instanceof Element && event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  let handled = false;
  if (event.key === "x") handled = choose();
  else if (event.key === "u") {
    (at() ?? rows()[0])?.querySelector("[data-row-link]")?.focus();
    handled = true;
  } else if (["c", "h", "a", "r"].includes(event.key)) handled = press(event.key);
  if (handled) event.preventDefault();
});
document.addEventListener("htmx:after:settle", (event) => {
  if (!document.querySelector(".inbox")) return;
  mark();
  keepFocus();
  if (event.target === place()) {
    place().focus({ preventScroll: true });
    if (matchMedia("(max-width: 1180px)").matches) place().scrollIntoView({ block: "start" });
  }
});
mark();
})();
// keys.js
(() => {
"use strict";
const known = Boolean(window.PublicKeyCredential?.parseCreationOptionsFromJSON);
async function ask(form) {
  const options = JSON.parse(form.dataset.keyOptions).publicKey;
  const publicKey = form.dataset.key === "create"
    ? PublicKeyCredential.parseCreationOptionsFromJSON(options)
    : PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials[form.dataset.key]({ publicKey })).toJSON();
}
for (const form of known ? document.querySelectorAll("form[data-key]") : []) {
  form.hidden = false;
  form.parentElement.querySelector("[data-key-none]")?.remove();
  form.addEventListener("submit", async (event) => {
    const field = form.elements.namedItem("credential");
    if (field.value) return;
    event.preventDefault();
    const said = form.querySelector("[data-key-said]");
    said.hidden = true;
    try {
      field.value = JSON.stringify(await ask(form));
    } catch (error) {
      said.textContent = error.name === "InvalidStateError" ? "This key has been added already." : "The browser gave no key: it was not there, not yours, or you have cancelled.";
      said.hidden = false;
      return;
    }
    form.requestSubmit();
  });
}
})();
// live.js
(() => {
"use strict";
const waits = new WeakMap();
const REFUSALS = [401, 403, 404];
let trouble = null;
const streams = () => document.querySelectorAll("[hx-sse\\:connect]");
function open(element) {
  if (document.hidden || !element.isConnected || element.dataset.liveState) return;
  element.dataset.liveState = "connecting";
  element.dispatchEvent(new CustomEvent("live-open"));
}
function failed(element, status) {
  if (REFUSALS.includes(status)) return bar(element, status);
  delete element.dataset.liveState;
  const wait = Math.min((waits.get(element) ?? 1000) * 2, 60000);
  waits.set(element, wait);
  setTimeout(() => open(element), wait * (0.7 + Math.random() * 0.6));
}
const dialogOf = (source) => (source instanceof Element ? source.closest("dialog[open]") : null);
/** Shows what went wrong until `source` succeeds, or, without a source, until anything does. An open dialog shows its own trouble:
 * what is behind it is out of sight. */
function say(text, source) {
  const dialog = dialogOf(source);
  const place = dialog ?? document.getElementById("messages");
  if (!place) return;
  place.querySelector(".message-trouble")?.remove();
  const note = document.createElement("p");
  note.className = "message message-error message-trouble";
  note.textContent = text;
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.putAway = "";
  button.setAttribute("aria-label", "Put this message away");
  button.textContent = "×";
  note.append(button);
  if (dialog) note.setAttribute("role", "alert");
  if (dialog) dialog.prepend(note);
  else place.append(note);
  trouble = { note, source };
}
let refused = "";
function keepSaying(why, ...words) {
  refused = why;
  const place = document.querySelector("dialog[open]") ?? document.getElementById("messages");
  if (!place || place.querySelector("#refused")?.dataset.why === why) return;
  document.getElementById("refused")?.remove();
  const note = document.createElement("p"), text = document.createElement("span");
  note.id = "refused";
  note.className = "message message-error";
  note.dataset.why = why;
  note.setAttribute("role", "alert");
  text.append(`${why} `, ...words);
  note.append(text);
  place.prepend(note);
}
const link = (text, href, more) => Object.assign(document.createElement("a"), { href, textContent: text, ...more });
function sayRefused(why) {
  const away = link("Go on in another tab", "/login/", { target: "_blank" });
  keepSaying(why, "What you typed is still here. ", away, ", then come back to this one.");
}
function sayAnother(now, before) {
  const why = `You are logged in as ${now} now, and this page is ${before}'s.`;
  keepSaying(why, link("Reload it", location.href), ` to go on as ${now}.`);
}
function bar(element, status) {
  element.dataset.liveState = "barred";
  if (status === 401) sayRefused(refused || "You are logged out.");
  else say("This cannot be seen any more: it was removed, or your rights have changed. Reload the page.", element);
}
function admitted(age) {
  const token = age?.dataset.csrf;
  refused = "";
  document.getElementById("refused")?.remove();
  for (const stream of streams()) {
    if (stream.dataset.liveState === "barred") delete stream.dataset.liveState;
    open(stream);
  }
  if (!token) return;
  document.body.setAttribute("hx-headers:inherited", JSON.stringify({ "X-CSRFToken": token }));
  for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = token;
}
function answered(source) {
  const age = document.getElementById("age"), before = document.body.dataset.person;
  if (age && source?.id !== "age") return refused && age.dispatchEvent(new CustomEvent("asked"));
  if (age && age.dataset.person !== before) sayAnother(age.dataset.person, before);
  else if (refused) admitted(age);
}
const isStream = (element) => element instanceof Element && element.hasAttribute("hx-sse:connect");
document.addEventListener("htmx:after:process", () => streams().forEach(open));
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  streams().forEach(open);
  if (refused) document.getElementById("age")?.dispatchEvent(new CustomEvent("asked"));
});
document.addEventListener("htmx:sse:after:connection", (event) => {
  waits.delete(event.target);
  event.target.dataset.liveState = "open";
});
document.addEventListener("htmx:sse:error", (event) => {
  if (!(event.target instanceof Element)) return;
  event.target.dataset.liveState = "broken";
  if (REFUSALS.includes(event.detail?.status)) bar(event.target, event.detail.status);
});
document.addEventListener("htmx:sse:before:connection", (event) => {
  if (event.target instanceof Element && event.target.dataset.liveState === "barred") event.preventDefault();
});
document.addEventListener("htmx:sse:close", (event) => {
  if (!(event.target instanceof Element)) return;
  if (event.target.dataset.liveState === "barred") return;
  if (event.detail?.reason === "message") event.target.dataset.liveState = "closed";
  else delete event.target.dataset.liveState;
});
document.addEventListener("htmx:response:error", (event) => {
  const { sourceElement, response, text } = event.detail.ctx;
  if (response.status === 401) sayRefused(text || "You are logged out.");
  if (isStream(sourceElement)) return failed(sourceElement, response.status);
  if (response.status === 401) return;
  const status = String(response.status);
  if ([status, `${status.slice(0, 2)}x`, `${status[0]}xx`].some((code) => sourceElement.hasAttribute(`hx-status:${code}`))) return;
  const own = response.headers.get("Content-Type")?.startsWith("text/plain") && text && text.length < 400 ? text : "";
  const why = own ? own
    : response.status === 403 ? "You may not do this, or your session has changed: reload the page."
    : response.status === 429 ? "Too many requests: wait a moment and try again."
      : `The server answered ${response.status}. Nothing on this page has changed; try again, or reload it.`;
  say(why, sourceElement);
});
document.addEventListener("htmx:error", (event) => {
  const source = event.detail?.ctx?.sourceElement ?? event.target;
  if (isStream(source)) return failed(source);
  if (dialogOf(source)) say("The server cannot be reached. Try again: what has been sent is not sent twice.", source);
  else say("The server cannot be reached. What this page shows may be old.");
});
document.addEventListener("htmx:after:swap", (event) => {
  const { sourceElement, response } = event.detail?.ctx ?? {};
  if (response?.status < 400 && !isStream(sourceElement)) answered(sourceElement);
  if (!trouble || !response || response.status >= 400 || (trouble.source && trouble.source !== sourceElement)) return;
  trouble.note.remove();
  trouble = null;
});
})();
// morph.js
(() => {
"use strict";
window.htmx?.registerExtension("durascope", {
  htmx_before_morph_attr: (element, { attrName }) =>
    !(attrName === "open" && element instanceof HTMLDetailsElement && element.dataset.open !== "server")
    && !(attrName === "checked" && element instanceof HTMLInputElement),
});
})();
// payload.js
(() => {
"use strict";
const pageOf = 100; // entries shown at first, and by each "more"
const unfolded = 40; // entries up to which a payload opens by itself
const spaces = /[\s]*/y;
const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
function skip(text, at) {
  spaces.lastIndex = at;
  spaces.exec(text);
  return spaces.lastIndex;
}
function endOfString(text, at) {
  for (let i = at + 1; ;) {
    i = text.indexOf('"', i);
    if (i < 0) throw new SyntaxError("open string");
    let slashes = 0;
    while (text[i - 1 - slashes] === "\\") slashes += 1;
    i += 1;
    if (slashes % 2 === 0) return i;
  }
}
function endOfGroup(text, at) {
  const stack = [];
  let commas = 0, any = false;
  for (let i = at; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    if (c === 34) {
      i = endOfString(text, i) - 1;
      any = true;
    } else if (c === 123 || c === 91) {
      if (stack.length) any = true;
      stack.push(c + 2);
    } else if (c === 125 || c === 93) {
      if (stack.pop() !== c) throw new SyntaxError("brackets");
      if (!stack.length) return [i + 1, any ? commas + 1 : 0];
    } else if (c === 44) {
      if (stack.length === 1) commas += 1;
    } else if (c > 32) {
      any = true;
    }
  }
  throw new SyntaxError("open brackets");
}
function valueAt(text, at) {
  const start = skip(text, at), c = text[start];
  if (c === '"') return { kind: "s", start, end: endOfString(text, start) };
  if (c === "{" || c === "[") {
    const [end, count] = endOfGroup(text, start);
    return { kind: c, start, end, count };
  }
  scalar.lastIndex = start;
  const match = scalar.exec(text);
  if (!match) throw new SyntaxError(`at ${start}`);
  return { kind: /[tfn]/.test(c) ? "l" : "n", start, end: scalar.lastIndex };
}
function entries(text, group, at, limit) {
  const list = [];
  let i = at ?? group.start + 1;
  while (list.length < limit) {
    i = skip(text, i);
    if (i >= group.end - 1) return { list, next: null };
    let key = null;
    if (group.kind === "{") {
      const end = endOfString(text, i);
      key = text.slice(i, end);
      i = skip(text, end);
      if (text[i] !== ":") throw new SyntaxError("colon");
      i += 1;
    }
    const value = valueAt(text, i);
    list.push({ key, value });
    i = skip(text, value.end);
    if (text[i] === ",") {
      i += 1;
      if (skip(text, i) >= group.end - 1) throw new SyntaxError("comma at the end");
    } else if (i !== group.end - 1) {
      throw new SyntaxError("comma");
    }
  }
  return { list, next: skip(text, i) >= group.end - 1 ? null : i };
}
function piece(name, text) {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}
const words = { "{": ["field", "fields"], "[": ["item", "items"] };
const shut = { "{": "}", "[": "]" };
function step(path, key, index) {
  const name = key === null ? String(index) : JSON.parse(key);
  return `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
function tools(text, value, path) {
  const box = document.createElement("span");
  box.className = "tools";
  for (const [word, said] of [["path", `Copy the path ${path}`], ["value", `Copy the value of ${path}`]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link";
    button.textContent = word;
    button.title = said;
    button.setAttribute("aria-label", said);
    button.addEventListener("click", () => {
      const own = text.slice(value.start, value.end);
      button.dataset.copy = word === "path" ? path : value.kind === "s" ? JSON.parse(own) : own;
    });
    box.append(button);
  }
  return box;
}
function entryElement(text, entry, comma, depth, path) {
  const item = document.createElement("div");
  item.className = "entry";
  item.append(tools(text, entry.value, path), entryBody(text, entry, comma, depth, path));
  return item;
}
function entryBody(text, { key, value }, comma, depth, path) {
  const label = [];
  if (key !== null) label.push(piece("k", key), piece("p", ": "));
  if (value.count === undefined || value.count === 0) {
    const leaf = document.createElement("div");
    leaf.className = "leaf";
    const own = text.slice(value.start, value.end);
    leaf.append(...label, piece(value.count === 0 ? "p" : value.kind, own), piece("p", comma));
    if (value.kind === "s" && /^"\s*[[{]/.test(own) && own !== '"[redacted]"') unwrappable(leaf, own, depth, path);
    return leaf;
  }
  const details = document.createElement("details"), summary = document.createElement("summary");
  const [one, many] = words[value.kind];
  summary.append(...label, piece("p", `${value.kind} ${value.count.toLocaleString("en")} ${value.count === 1 ? one : many} ${shut[value.kind]}${comma}`));
  details.append(summary);
  const fill = () => {
    if (details.children.length > 1) return;
    const kids = document.createElement("div");
    kids.className = "kids";
    details.append(kids);
    try {
      more(text, kids, value, null, depth + 1, path, 0);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      kids.textContent = text.slice(value.start, value.end); // not JSON in here: as it is
    }
  };
  details.addEventListener("toggle", () => { if (details.open) fill(); });
  if (depth < 6 && value.end - value.start < 600) {
    details.open = true;
    fill();
  }
  return details;
}
function unwrappable(leaf, quoted, depth, path) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  button.textContent = "read as JSON";
  button.addEventListener("click", () => {
    const shown = leaf.querySelector(".kids");
    button.textContent = shown ? "read as JSON" : "as text";
    if (shown) return shown.remove();
    const kids = document.createElement("div");
    kids.className = "kids";
    leaf.append(kids);
    try {
      const inner = JSON.parse(quoted), value = valueAt(inner, 0);
      if (skip(inner, value.end) !== inner.length) throw new SyntaxError("more than one value");
      more(inner, kids, value, null, depth + 1, `${path}/~json`, 0);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      kids.textContent = "This is not JSON.";
    }
  });
  leaf.append(" ", button);
}
function more(text, kids, group, at, depth, path, from) {
  const { list, next } = entries(text, group, at, pageOf);
  kids.append(...list.map((entry, i) => {
    const comma = i < list.length - 1 || next !== null ? "," : "";
    return entryElement(text, entry, comma, depth, step(path, entry.key, from + i));
  }));
  if (next === null) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link leaf";
  button.textContent = "more …";
  button.addEventListener("click", () => {
    button.remove();
    more(text, kids, group, next, depth, path, from + list.length);
  });
  kids.append(button);
}
function enhance(box) {
  const pre = box.querySelector("pre");
  if (!pre || box.dataset.payload !== "json") return;
  box.dataset.payload = "tree";
  const text = pre.textContent;
  try {
    const value = valueAt(text, 0);
    if (skip(text, value.end) !== text.length || !value.count) return;
    const tree = document.createElement("div");
    tree.className = "tree";
    tree.tabIndex = 0;
    tree.setAttribute("role", "group");
    tree.setAttribute("aria-label", box.dataset.label || "Payload");
    tree.append(piece("p", value.kind));
    const kids = document.createElement("div");
    kids.className = "kids";
    more(text, kids, value, null, value.count > unfolded ? 6 : 0, "", 0);
    tree.append(kids, piece("p", shut[value.kind]));
    pre.after(tree);
    pre.hidden = true;
    const swap = box.querySelector("[data-as-text]");
    if (!swap) return;
    swap.hidden = false;
    swap.addEventListener("click", () => {
      pre.hidden = !pre.hidden;
      tree.hidden = !pre.hidden;
      swap.textContent = pre.hidden ? "as text" : "as tree";
    });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error; // not JSON after all: the text stays
  }
}
function enhanceAll(root) {
  for (const box of root.querySelectorAll('[data-payload="json"]')) {
    const closed = box.closest("details:not([open])");
    if (closed) closed.addEventListener("toggle", () => enhanceAll(closed), { once: true });
    else enhance(box);
  }
}
document.addEventListener("htmx:after:settle", (event) => {
  if (event.target instanceof Element) enhanceAll(event.target.parentElement ?? event.target);
});
enhanceAll(document);
document.addEventListener("htmx:after:process", () => {
  for (const branch of document.querySelectorAll("details[open][hx-trigger^=toggle]")) branch.dispatchEvent(new Event("toggle"));
}, { once: true });
})();
// plot.js
(() => {
"use strict";
let library = null;
function fetchLibrary(element) {
  library ??= new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.id = "plotly.js-style-global";
    link.className = "no-inline-styles";
    link.href = element.dataset.plotlyCss;
    const script = document.createElement("script");
    script.src = element.dataset.plotly;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      library = null;
      reject(new Error("the charts' script could not be loaded"));
    };
    document.head.append(link, script);
  });
  return library;
}
function colour(name) {
  const probe = document.createElement("i");
  probe.hidden = true;
  probe.className = `probe probe-${name}`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
const merge = (base, over) => {
  const out = { ...base };
  for (const [key, value] of Object.entries(over ?? {})) {
    const both = value && typeof value === "object" && !Array.isArray(value) && out[key] && typeof out[key] === "object";
    out[key] = both ? merge(out[key], value) : value;
  }
  return out;
};
function inTone(trace) {
  const tone = trace.meta?.tone;
  if (!tone) return trace;
  const shade = colour(tone);
  if (trace.type === "bar") return merge({ marker: { color: shade, line: { width: 0 } } }, trace);
  const soft = shade.replace("rgb(", "rgba(").replace(")", ", 0.3)");
  return merge({ line: { color: shade, width: 1.2 }, marker: { color: shade }, ...(trace.fill ? { fillcolor: soft } : {}) }, trace);
}
function layoutFor(figure) {
  const ink = colour("ink"), line = colour("line");
  const axis = { gridcolor: line, linecolor: line, zerolinecolor: line, tickfont: { color: ink, size: 11 }, automargin: false };
  return merge({
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", autosize: true, showlegend: false, bargap: 0.25,
    margin: { l: 36, r: 8, t: 6, b: 22 }, font: { family: "Inter, system-ui, sans-serif", size: 11.5, color: ink },
    hoverlabel: { bgcolor: colour("panel"), bordercolor: line, font: { color: colour("text"), size: 12 } }, xaxis: axis, yaxis: axis,
  }, figure.layout);
}
const drawn = new WeakSet();
const pointed = new WeakSet();
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
async function draw(element) {
  const source = document.getElementById(element.dataset.plot);
  if (!source) return;
  const figure = JSON.parse(source.textContent);
  const plotly = await fetchLibrary(element);
  if (!element.isConnected) return;
  const layout = layoutFor(figure);
  if (still.matches) layout.transition = { duration: 0 };
  const config = merge({ displayModeBar: false, responsive: true, showTips: false, scrollZoom: false }, figure.config);
  await plotly.react(element, (figure.data ?? []).map(inTone), layout, config);
  if (drawn.has(element)) return;
  drawn.add(element);
  const send = (from, to) => {
    element.dispatchEvent(new CustomEvent("plot:range", { bubbles: true, detail: { from, to } }));
    const form = element.dataset.brush && document.getElementById(element.dataset.brush);
    if (!form) return;
    form.elements.from.value = from ?? "";
    form.elements.to.value = to ?? "";
    form.requestSubmit();
  };
  element.on("plotly_selected", (chosen) => { if (chosen?.range?.x) send(...chosen.range.x); });
  element.on("plotly_deselect", () => send(null, null));
  element.on("plotly_click", (click) => {
    const href = click.points?.[0]?.customdata;
    if (typeof href === "string" && href.startsWith("/") && !href.startsWith("//")) location.assign(href);
  });
}
function drawAll(root) {
  const figures = [...root.querySelectorAll("[data-plot]")].filter((element) => !element.dataset.drawing
    && (!element.dataset.plotWhen || pointed.has(element)) && !element.matches(":active"));
  for (const element of figures) {
    element.dataset.drawing = "1";
    draw(element).catch((error) => {
      element.textContent = `No chart: ${error.message}.`;
    }).finally(() => delete element.dataset.drawing);
  }
}
const later = (work) => requestAnimationFrame(() => {
  if (window.requestIdleCallback) requestIdleCallback(work, { timeout: 1500 });
  else setTimeout(work, 50);
});
for (const kind of ["pointerover", "touchstart"]) {
  document.addEventListener(kind, (event) => {
    const element = event.target instanceof Element && event.target.closest("[data-plot-when]");
    if (!element || pointed.has(element)) return;
    pointed.add(element);
    drawAll(element.parentElement);
  }, { passive: true });
}
later(() => drawAll(document));
document.addEventListener("htmx:after:settle", (event) => {
  if (event.target instanceof Element && (event.target.matches("[data-plot]") || event.target.querySelector("[data-plot]"))) {
    later(() => drawAll(event.target.parentElement ?? document));
  }
});
document.addEventListener("durascope:theme", () => drawAll(document));
})();
// rows.js
(() => {
"use strict";
const AT_ONCE = 2;
const waiting = new Set();
let asked = 0;
const near = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) waiting.add(target); else waiting.delete(target);
  }
  fetchNearest();
}, { rootMargin: "1100px" });
function fetchNearest() {
  for (let gap; asked < AT_ONCE && (gap = nearest());) {
    waiting.delete(gap);
    near.unobserve(gap);
    asked += 1;
    window.htmx.ajax("GET", gap.dataset.window, { source: gap, target: gap, swap: "outerHTML" })
      .catch(() => {}) // it has been told; the gap is asked for again when something comes
      .finally(() => { asked -= 1; requestAnimationFrame(fetchNearest); });
  }
}
function nearest() {
  const middle = innerHeight / 2;
  let found, least = Infinity;
  for (const gap of waiting) {
    if (!gap.isConnected) { waiting.delete(gap); continue; }
    const { top, bottom } = gap.getBoundingClientRect();
    const far = Math.max(top - middle, middle - bottom);
    if (far < least) { found = gap; least = far; }
  }
  return found;
}
function watch(part) {
  for (const gap of part.querySelectorAll("[data-window]:not(.htmx-request)")) {
    near.unobserve(gap);
    near.observe(gap);
  }
}
watch(document);
document.addEventListener("htmx:after:settle", ({ target }) => { if (target instanceof Element) watch(target); });
})();
// scrub.js
(() => {
"use strict";
let waiting = 0;
document.addEventListener("input", (event) => {
  const slider = event.target instanceof Element && event.target.closest("input[data-send-on-change]");
  if (!slider) return;
  const told = slider.form.querySelector("output");
  if (told) told.textContent = `${Number(slider.value).toLocaleString("en")} of ${Number(slider.max).toLocaleString("en")}`;
  clearTimeout(waiting);
  waiting = setTimeout(() => slider.isConnected && slider.form.requestSubmit(), 180);
});
})();
// shell.js
(() => {
"use strict";
const page = document;
const themes = ["auto", "light", "dark"];
const themeNames = { auto: "automatic", light: "light", dark: "dark" };
function storedTheme() {
  try {
    return localStorage.getItem("durascope.theme") || "auto";
  } catch {
    return "auto";
  }
}
function showTheme() {
  for (const button of page.querySelectorAll("[data-theme-switch]")) {
    const text = `Theme: ${themeNames[storedTheme()]}`;
    button.hidden = false;
    button.title = text;
    button.setAttribute("aria-label", text);
  }
}
function nextTheme() {
  const next = themes[(themes.indexOf(storedTheme()) + 1) % themes.length];
  try {
    localStorage.setItem("durascope.theme", next);
  } catch {
    return;
  }
  page.dispatchEvent(new CustomEvent("durascope:theme-chosen"));
  showTheme();
}
function closeMenus(inside) {
  let closed = null;
  for (const menu of page.querySelectorAll("details.drop[open], details.menu[open]")) {
    if (inside && menu.contains(inside)) continue;
    menu.open = false;
    closed = menu;
  }
  return closed;
}
page.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return;
  closeMenus(target);
  if (target.closest("[data-theme-switch]")) nextTheme();
  if (target.closest("[data-shortcuts]")) {
    closeMenus(null);
    page.getElementById("shortcuts")?.showModal();
  }
  const note = target.closest("[data-put-away]");
  if (note) note.closest(".message")?.remove();
});
const keysOff = () => {
  try {
    return localStorage.getItem("durascope.keys") === "off";
  } catch {
    return false;
  }
};
const isTyping = (target) => target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
window.addEventListener("keydown", (event) => {
  if (event.key.length > 1 || event.key === " " || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (keysOff()) event.stopImmediatePropagation(); // this comes first: no module hears of it
}, true);
page.addEventListener("change", (event) => {
  if (!event.target.matches?.("[data-keys-switch]")) return;
  try {
    localStorage.setItem("durascope.keys", event.target.checked ? "on" : "off");
  } catch {
    event.target.checked = true; // storage may be forbidden: they stay on
  }
});
const places = { o: "/", e: "/executions/", i: "/inbox/", f: "/functions/", a: "/audit/" };
let prefixUntil = 0;
function moveRow(step) {
  const links = [...page.querySelectorAll("[data-row-link]")].filter((link) => link.getClientRects().length);
  if (!links.length) return false;
  const at = links.indexOf(page.activeElement);
  const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + step))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}
page.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const closed = closeMenus(null);
    closed?.querySelector("summary")?.focus();
    return;
  }
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || page.querySelector("dialog[open]")) return;
  const key = event.key;
  let handled = true;
  if (Date.now() < prefixUntil && places[key]) location.assign(places[key]);
  else if (key === "g") prefixUntil = Date.now() + 1200;
  else if (key === "/") page.getElementById("search")?.focus();
  else if (key === "?") page.getElementById("shortcuts")?.showModal();
  else if (key === "t") page.dispatchEvent(new CustomEvent("durascope:next-times"));
  else if (key === "j" || key === "k") handled = moveRow(key === "j" ? 1 : -1);
  else handled = false;
  if (handled) event.preventDefault();
});
function unhide() {
  for (const hidden of page.querySelectorAll("[data-shortcuts], [data-times]")) hidden.hidden = false;
  for (const box of page.querySelectorAll("[data-keys-switch]")) box.checked = !keysOff();
  showTheme();
}
unhide();
page.addEventListener("htmx:after:settle", (event) => { if (event.target === page.body) unhide(); });
})();
// time.js
(() => {
"use strict";
const modes = ["relative", "local", "utc"];
const two = (n) => String(n).padStart(2, "0");
let mode = "relative";
try {
  mode = localStorage.getItem("durascope.times") || "relative";
} catch {
}
function coarse(size) {
  if (size < 60) return `${size} s`;
  if (size < 3600) return `${Math.floor(size / 60)} m`;
  if (size < 86400) {
    const hours = Math.floor(size / 3600), minutes = Math.floor((size % 3600) / 60);
    return minutes && hours < 10 ? `${hours} h ${minutes} m` : `${hours} h`;
  }
  const days = Math.floor(size / 86400), hours = Math.floor((size % 86400) / 3600);
  return hours && days < 3 ? `${days} d ${hours} h` : `${days} d`;
}
function parts(epoch, utc) {
  const d = new Date(epoch * 1000);
  return utc
    ? [`${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`,
      `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`, String(d.getUTCMilliseconds()).padStart(3, "0")]
    : [`${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`,
      `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`, String(d.getMilliseconds()).padStart(3, "0")];
}
function relative(epoch, now) {
  const seconds = now - epoch, size = Math.abs(seconds);
  if (size < 1) return "now";
  if (size >= 30 * 86400) return parts(epoch, true)[0];
  const text = coarse(Math.floor(size));
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}
function show(element, now) {
  const epoch = Number(element.dataset.epoch), kind = element.dataset.mode;
  let text;
  if (kind === "left") {
    const left = epoch - now;
    text = left > 0 ? `${coarse(Math.floor(left))} left` : `overdue by ${coarse(Math.floor(-left))}`;
    const tone = left < 300 ? "bad" : left < 3600 ? "warn" : "grey";
    if (!element.classList.contains(`left-${tone}`)) {
      element.classList.remove("left-bad", "left-warn", "left-grey");
      element.classList.add(`left-${tone}`);
    }
  } else if (kind === "until") {
    text = coarse(Math.max(0, Math.floor(epoch - now)));
  } else if (kind === "elapsed") {
    text = coarse(Math.max(0, Math.floor(now - epoch)));
  } else {
    const [date, time, millis] = parts(epoch, mode !== "local");
    if (kind === "clock") text = `${time}.${millis}`;
    else if (kind === "full") text = `${date} ${time}.${millis}`;
    else text = mode === "relative" ? relative(epoch, now) : `${date} ${time}`;
  }
  if (element.textContent !== text) element.textContent = text;
}
const fixed = "[data-mode=clock], [data-mode=full]"; // these do not change by themselves, and a history has thousands
const written = new WeakMap();
function refresh(root, which = "") {
  const now = Date.now() / 1000;
  for (const element of root.querySelectorAll(`time[data-epoch]${which}`)) {
    const known = written.get(element);
    if (known && known.mode === mode && known.epoch === element.dataset.epoch && known.text === element.textContent) continue;
    show(element, now);
    if (element.matches(fixed)) written.set(element, { mode, epoch: element.dataset.epoch, text: element.textContent });
  }
}
function choose(next) {
  mode = modes.includes(next) ? next : "relative";
  try {
    localStorage.setItem("durascope.times", mode);
  } catch {
  }
  press();
  refresh(document);
}
function press() {
  for (const button of document.querySelectorAll("[data-times] button")) {
    button.setAttribute("aria-pressed", String(button.value === mode));
  }
}
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-times] button");
  if (button) choose(button.value);
});
document.addEventListener("durascope:next-times", () => choose(modes[(modes.indexOf(mode) + 1) % modes.length]));
document.addEventListener("htmx:after:settle", (event) => {
  if (!(event.target instanceof Element)) return;
  if (event.target === document.body) press();
  refresh(event.target.parentElement ?? event.target);
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(document); });
setInterval(() => { if (!document.hidden) refresh(document, `:not(${fixed})`); }, 1000);
choose(mode);
})();
// typed.js
(() => {
"use strict";
const question = "Throw away what you have typed here?";
const changed = (field) => field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked
  : field.options ? [...field.options].some((option) => option.selected !== option.defaultSelected) && field.selectedIndex > 0
  : field.value !== field.defaultValue;
const typed = (place) => [...place.querySelectorAll("form[method=post] :is(input:not([type=hidden]), textarea, select)")].some(changed);
const mayGo = (place) => !typed(place) || window.confirm(question);
let begun = null;
function beside(event) {
  const dialog = event.target;
  if (!(dialog instanceof HTMLDialogElement) || !dialog.open) return null;
  const box = dialog.getBoundingClientRect();
  const within = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  return within ? null : dialog;
}
document.addEventListener("pointerdown", (event) => { begun = beside(event); });
document.addEventListener("click", (event) => {
  const dialog = beside(event);
  if (dialog && dialog === begun && mayGo(dialog)) dialog.close();
});
document.addEventListener("cancel", (event) => { if (event.target instanceof HTMLDialogElement && !mayGo(event.target)) event.preventDefault(); }, true);
document.addEventListener("htmx:before:request", (event) => {
  const { sourceElement, target } = event.detail.ctx;
  if (target instanceof Element && !target.contains(sourceElement) && !mayGo(target)) event.preventDefault();
});
})();
