import { createEngine } from './src/compute/engine/create-engine.ts'
import { gpt } from './src/compute/models/gpt.ts'
import { layoutParameters } from './src/core/layout.ts'
import { sharedFloats } from './src/core/parameters.ts'
import { random } from './src/core/random.ts'
import { median } from './src/core/median.ts'
const init={ layers: 4, width: 128, heads: 4, context: 64, vocabulary: 256 }
const model=gpt(init), layout=layoutParameters(model.parameters), stream=random('benchmark')
const parameters=sharedFloats(layout.length)
for (const { name, offset, length } of layout.tensors) model.parameters.find(p=>p.name===name)!.initialize(parameters.subarray(offset,offset+length), stream)
const tokens=()=>Int32Array.from({length:model.tokens(8)},()=>stream.integer(256))
const batch={inputs:tokens(),targets:tokens()}
const names=['cpu','wasm','javascript'] as const
const graphs:any={}; const times:any={}
for(const n of names){ graphs[n]=await (await createEngine({backend:n,strict:true})).compileTraining(model,8,{layout,parameters,gradients:sharedFloats(layout.length)}); times[n]=[]}
for(let round=-1;round<5;round++) for(const n of names){ const k=n==='cpu'?5:1; for(let i=0;i<k;i++){const t=performance.now(); await graphs[n].lossAndGradients(batch); if(round>=0&&(k===1||i>0)) times[n].push(performance.now()-t)}}
for(const n of names) console.log(n, median(times[n]).toFixed(1),'ms', 'ratio to cpu', (median(times[n])/median(times.cpu)).toFixed(1), 'all', times[n].map((x:number)=>x.toFixed(0)).join(' '))
