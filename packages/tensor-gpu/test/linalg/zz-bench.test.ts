import { it } from 'vitest';
import { Matrix, SVD, EVD, QrDecomposition } from 'ml-matrix';
import { bidiagonalize } from '/work/main/packages/tensor-gpu/src/linalg/dense/bidiagonalize.js';
import { diagonalizeBidiagonal } from '/work/main/packages/tensor-gpu/src/linalg/dense/bidiagonal-qr.js';
import { diagonalizeTridiagonal } from '/work/main/packages/tensor-gpu/src/linalg/dense/tridiagonal-qr.js';
import { tridiagonalize } from '/work/main/packages/tensor-gpu/src/linalg/dense/tridiagonalize.js';
import { ColumnRotations } from '/work/main/packages/tensor-gpu/src/linalg/dense/rotations.js';
import { factorQr, formQ } from '/work/main/packages/tensor-gpu/src/linalg/dense/householder-qr.js';
let seed=1; const rnd=()=>{seed=(seed*1664525+1013904223)>>>0;return seed/2**32-0.5};
const best=(f:()=>void,reps:number)=>{let b=1e9;for(let i=0;i<reps;i++){const s=performance.now();f();b=Math.min(b,performance.now()-s)}return b};
it('bench',()=>{
 for(const n of [8,16,32,64,96,128,256,512,1024]){
  const a=Float64Array.from({length:n*n},rnd);
  const sy=a.map((_,p)=>a[p]+a[(p%n)*n+Math.floor(p/n)]);
  const reps=n<=64?50:n<=256?5:n<=512?2:1;
  const own=best(()=>{const {diagonal,above,left,right}=bidiagonalize(a.slice(),n,n);diagonalizeBidiagonal('x',diagonal,above,new ColumnRotations(left,n,n),new ColumnRotations(right,n,n))},reps);
  const bi=best(()=>{bidiagonalize(a.slice(),n,n)},reps);
  const lib=n>512?NaN:best(()=>{new SVD(Matrix.from1DArray(n,n,a))},reps);
  const ownE=best(()=>{const {diagonal,beside,basis}=tridiagonalize(sy.slice(),n);diagonalizeTridiagonal('x',diagonal,beside,new ColumnRotations(basis,n,n))},reps);
  const libE=n>512?NaN:best(()=>{new EVD(Matrix.from1DArray(n,n,sy),{assumeSymmetric:true})},reps);
  const ownQ=best(()=>{const b=a.slice();const t=factorQr(b,n,n);formQ(b,n,n,t,n)},reps);
  const libQ=n>512?NaN:best(()=>{new QrDecomposition(Matrix.from1DArray(n,n,a)).orthogonalMatrix},reps);
  console.log(n,'svd own',own.toFixed(2),'(bidiag',bi.toFixed(2)+') lib',lib.toFixed(2),'| eigh own',ownE.toFixed(2),'lib',libE.toFixed(2),'| qr own',ownQ.toFixed(2),'lib',libQ.toFixed(2));
 }
});
