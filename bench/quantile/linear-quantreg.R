# Times of R quantreg (fnb, pfn) behind the figures of the package README: Rscript linear-quantreg.R
suppressMessages(library(quantreg)); print(packageVersion("quantreg")); print(R.version.string)
data(engel); f<-rq(foodexp~income,tau=.5,data=engel); print(coef(f),digits=15); print(f$rho,digits=15)
set.seed(1); n<-100000;d<-10; X<-matrix(rnorm(n*d),n); y<-X%*%(1:d)/10+(1+.3*abs(X[,1]))*rt(n,4)
Xi<-cbind(1,X)
for(k in 1:3){t<-system.time(for(tau in (1:9)/10) rq.fit.fnb(Xi,y,tau)); print(t)}
t<-system.time(for(tau in (1:9)/10) rq.fit.pfn(Xi,y,tau)); print(t)
